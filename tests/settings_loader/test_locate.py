"""The lookup of the settings file."""

from __future__ import annotations

from pathlib import Path

import pytest

from anthropic_audit.errors import SetupError
from anthropic_audit.settings_loader import CONFIG_VARIABLE, FILE_NAME, find_file, read_file


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("", encoding="utf-8")
    return path


def test_the_flag_comes_before_the_variable_and_the_folder(tmp_path: Path) -> None:
    flag, variable = write(tmp_path / "flag.toml"), write(tmp_path / "variable.toml")
    write(tmp_path / FILE_NAME)

    assert find_file(flag, {CONFIG_VARIABLE: str(variable)}, tmp_path) == flag
    assert find_file(None, {CONFIG_VARIABLE: str(variable)}, tmp_path) == variable
    assert find_file(None, {}, tmp_path) == tmp_path / FILE_NAME


def test_the_users_configuration_folder_comes_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))

    assert find_file(None, {}, tmp_path / "empty") is None

    for place in ("anthropic-audit", "Library/Application Support/anthropic-audit"):
        write(tmp_path / place / FILE_NAME)
    found = find_file(None, {}, tmp_path / "empty")
    assert found is not None
    assert found.name == FILE_NAME


@pytest.mark.parametrize(
    ("named", "environ", "by"),
    [
        pytest.param(Path("/nowhere.toml"), {}, "--config", id="flag"),
        pytest.param(None, {CONFIG_VARIABLE: "/nowhere.toml"}, CONFIG_VARIABLE, id="variable"),
    ],
)
def test_a_named_file_must_be_there(named: Path | None, environ: dict[str, str], by: str, tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=by):
        find_file(named, environ, tmp_path)


def test_a_file_that_is_no_text_is_named_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"archive = 'x'\n\xff")

    with pytest.raises(SetupError, match="is not valid UTF-8"):
        read_file(path)


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    path.write_bytes(b"\xef\xbb\xbfarchive = 'x'")

    assert read_file(path) == "archive = 'x'"


def test_a_folder_in_place_of_a_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="can't be read"):
        read_file(tmp_path)
