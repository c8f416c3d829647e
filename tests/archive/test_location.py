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
