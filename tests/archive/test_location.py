from __future__ import annotations

from pathlib import Path

import pytest

from anthropic_audit.archive.location import folder_of
from anthropic_audit.errors import SetupError


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("/var/lib/audit", Path("/var/lib/audit")),
        ("file:///var/lib/audit", Path("/var/lib/audit")),
        ("file:///var/my%20audit", Path("/var/my audit")),
        ("file://localhost/var/audit", Path("/var/audit")),
        ("./archive", Path.cwd() / "archive"),
    ],
)
def test_a_path_or_a_file_url_names_a_folder(location: str, expected: Path) -> None:
    assert folder_of(location) == expected


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("", "empty"),
        ("s3://user:word@bucket/audit", "local folders for now"),
        ("file://elsewhere/audit", "local folders for now"),
        ("/var/a%20b", "rename"),
    ],
)
def test_another_place_is_refused_with_a_hint(location: str, said: str) -> None:
    with pytest.raises(SetupError) as caught:
        folder_of(location)

    assert said in f"{caught.value} {caught.value.hint}"
    assert "word" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    ["a*b", "a?b", "a[b]c", "back\\slash", "new\nline", "bell\x07", "\udcff", "day=5/x", "Day=2026-11-27", "feed=acme"],
)
def test_a_path_that_a_library_takes_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(SetupError, match=r"the archive's path has|named like a column") as caught:
        folder_of(f"/srv/{name}/archive")

    assert str(caught.value).isprintable()
    assert caught.value.hint


@pytest.mark.parametrize(
    "name",
    ["with space", "quote'd", 'dq"uote', "a{b,c}d", "ha#sh", "ünï😀", "x=1", "50%", "~tilde", "$HOME", "a;b,c&d"],
)
def test_other_paths_are_taken_as_they_are(name: str) -> None:
    assert folder_of(f"/srv/{name}/archive") == Path(f"/srv/{name}/archive")
