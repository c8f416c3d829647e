"""Canonical and folded forms of texts, which searches compare: the same functions in Python and in SQL.

Values are compared in Unicode's canonical form (NFC): `é` as one character and as `e` with an accent are one name, and
so are Hangul syllables and their parts, and accents in another order. Case counts, as with keywords in Elasticsearch.
Words are compared in canonical form and without case, character by character: a final sigma is a sigma, `İ` is an `i`,
but `ß` is not `ss`.

Compatibility forms (fullwidth letters, ligatures), accents, and invisible characters are not folded: an account that
differs in them is another account, and an investigation has to distinguish them. Stored bytes never change.

An ASCII value is compared with stored bytes, which is fast and misses only three characters that are canonically ASCII:
U+212A (`K`), U+037E (`;`), U+1FEF (a grave accent).
"""

from __future__ import annotations

import unicodedata
from typing import Final

NUL_SHOWN: Final = "\N{SYMBOL FOR NULL}"
"""Replaces a NUL character in canonical form, because DuckDB's normalization ends a text there."""
_FINAL_SIGMA: Final = "\N{GREEK SMALL LETTER FINAL SIGMA}"
_SIGMA: Final = "\N{GREEK SMALL LETTER SIGMA}"
_DOTTED: Final = "İ"
"""Python's lower case of it is two characters; SQL has `i`, and so do we."""


def canonical(text: str) -> str:
    """Return a value's canonical form."""
    return text if text.isascii() else unicodedata.normalize("NFC", text.replace("\0", NUL_SHOWN))


def folded(text: str) -> str:
    """Return the folded form of a text, in which words are compared."""
    if text.isascii():
        return text.lower()
    return "".join(map(_lower, canonical(text)))


def canonical_sql(text: str) -> str:
    """Return an SQL expression for the canonical form of another SQL expression."""
    return f"nfc_normalize(replace({text}, chr(0), '{NUL_SHOWN}'))"


def folded_sql(text: str) -> str:
    """Return an SQL expression for the folded form of another SQL expression."""
    return f"translate(lower({canonical_sql(text)}), '{_FINAL_SIGMA}', '{_SIGMA}')"


def _lower(char: str) -> str:
    if char == _DOTTED:
        return "i"
    return _SIGMA if char == _FINAL_SIGMA else char.lower()
