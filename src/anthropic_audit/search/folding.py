"""Which texts count as one for whoever searches: the same function in Python and in SQL.

Values are compared in Unicode's canonical form (NFC): `é` as one character and as `e` with an accent are one name, and
so are Hangul syllables and their parts, and accents in another order. Case counts, as with keywords in Elasticsearch.
Words are compared in canonical form and without case, one character for one: a final sigma is a sigma, `İ` is an `i`,
but `ß` is not `ss`.

Compatibility forms (fullwidth letters, ligatures), accents, and invisible characters are not folded: an account that
differs in them is another account, and telling them apart is what an investigation is for. Stored bytes never change.

An ASCII value is compared as it is stored, which is fast and misses three characters only that are canonically ASCII:
U+212A (`K`), U+037E (`;`), U+1FEF (a grave accent).
"""

from __future__ import annotations

import unicodedata
from typing import Final

NUL_SHOWN: Final = "\N{SYMBOL FOR NULL}"
"""What stands for a NUL character in canonical form: DuckDB's normalizing would end a text there."""
_FINAL_SIGMA: Final = "\N{GREEK SMALL LETTER FINAL SIGMA}"
_SIGMA: Final = "\N{GREEK SMALL LETTER SIGMA}"
_DOTTED: Final = "İ"
"""Python makes two characters of it in lower case; SQL, and so we, make an `i`."""


def canonical(text: str) -> str:
    """Return a value's canonical form."""
    return text if text.isascii() else unicodedata.normalize("NFC", text.replace("\0", NUL_SHOWN))


def folded(text: str) -> str:
    """Return what a word is compared by."""
    if text.isascii():
        return text.lower()
    return "".join(map(_lower, canonical(text)))


def canonical_sql(text: str) -> str:
    """Return the SQL expression of the canonical form of an expression."""
    return f"nfc_normalize(replace({text}, chr(0), '{NUL_SHOWN}'))"


def folded_sql(text: str) -> str:
    """Return the SQL expression of what a word is compared by."""
    return f"translate(lower({canonical_sql(text)}), '{_FINAL_SIGMA}', '{_SIGMA}')"


def _lower(sign: str) -> str:
    if sign == _DOTTED:
        return "i"
    return _SIGMA if sign == _FINAL_SIGMA else sign.lower()
