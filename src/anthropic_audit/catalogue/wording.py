"""Words that the texts of the catalogue avoid."""

from __future__ import annotations

import re

UNWANTED_WORDS = frozenset({"anew", "anybody", "everybody", "lately", "nobody", "somebody", "tell", "tells", "told"})
"""Words that name no actor, such as "somebody", and words that read like a translation."""

_WORD = re.compile(r"[a-z]+")


def unwanted_words(text: str) -> list[str]:
    """Return the words of a text that are in `UNWANTED_WORDS`, in alphabetical order."""
    return sorted(UNWANTED_WORDS.intersection(_WORD.findall(text.lower())))
