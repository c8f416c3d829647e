"""Words that do not belong into sources, messages, pages and documentation (docs/glossary.md has those that do)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scripts.architecture import ROOT

from anthropic_audit.catalogue.lint import UNWANTED_WORDS

SIGNS = r"(?:\d|many|more|most|few|longer than|first|last) signs\b"
PHRASES = r"keeps? house|has not got|by and by"
UNWANTED = re.compile(rf"\b(?:{'|'.join(sorted(UNWANTED_WORDS))})\b|{SIGNS}|{PHRASES}", re.IGNORECASE)
SUFFIXES = {".py", ".md", ".html", ".js", ".yaml", ".typ"}
EXCEPTIONS = {
    "src/anthropic_audit/catalogue/lint.py": "the list itself",
    "src/anthropic_audit/catalogue/statistics.py": "`told` is a key of `catalogue lint --format json`",
    "src/anthropic_audit/cli/catalogue/lint.py": "the same",
    "src/anthropic_audit/console/static/explore.js": "`told` is a key of the console's JSON",
    "src/anthropic_audit/console/static/page.js": "the same",
    "src/anthropic_audit/console/templates/rows.html": "the same",
    "src/anthropic_audit/console/views/rows.py": "the same",
    "src/anthropic_audit/console/views/exporting.py": "`told` is a column of exported CSV",
    "src/anthropic_audit/ecs/changes.py": "`(not told)` is a value in events",
    "docs/concepts/normalizing.md": "the same",
    "src/anthropic_audit/feed/client.py": "`tell()` of a file",
    "src/anthropic_audit/sinks/files.py": "`tell()` of a file",
    "src/anthropic_audit/ports.py": "a target that can't tell",
    "src/anthropic_audit/simulator/world/registry.py": "a description of a group, as people write them",
}
"""Files that may have such a word, and why; this list only shrinks."""


def written() -> list[Path]:
    """Return the files that users and contributors read; decision records are history."""
    folders = ("src", "docs/guides", "docs/concepts", "docs/reference")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return sorted([*found, ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", ROOT / "docs/README.md"])


def unwanted(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [
        f"{path.relative_to(ROOT)}:{at}: {found[0]}"
        for at, line in enumerate(lines, 1)
        for found in [UNWANTED.search(line)]
        if found
    ]


def test_no_unwanted_word_is_written() -> None:
    found = [place for path in written() for place in unwanted(path) if str(path.relative_to(ROOT)) not in EXCEPTIONS]

    assert found == []


@pytest.mark.parametrize("name", sorted(name for name in EXCEPTIONS if Path(name).suffix in SUFFIXES))
def test_an_exception_is_still_needed(name: str) -> None:
    assert unwanted(ROOT / name) != []
