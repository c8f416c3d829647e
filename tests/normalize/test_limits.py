"""The page of limits tells every limit of the normalizer, with its value."""

from __future__ import annotations

from pathlib import Path

import pytest

from anthropic_audit.normalize import limits

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "limits.md"
LIMITS = {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_limit_is_on_the_page_with_its_value(name: str) -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{name}` |")]

    assert [row.split("|")[2].split()[0] for row in rows] == [f"{LIMITS[name]:,}"]
