"""Names of undocumented fields, written so that every target of events accepts them.

Elasticsearch refuses a whole document for one name with a NUL character or of more than 32 kB; other targets refuse
empty names, and blanks or dots at the ends. Such a name is written in a form from which it can be read back:

- `~` and the name in percent-encoding: `a<NUL>b` becomes `~a%00b`, the empty name `~`;
- `~sha256-<digest>` if it is too long; a second member `~sha256-<digest>~name` has the full name as its value.

A name that begins with `~` is encoded as well, so two names never become equal.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, Final
from urllib.parse import quote, unquote_to_bytes

from .limits import MAX_NAME_CHARS

Json = Any

PREFIX: Final = "~"
DIGEST: Final = "~sha256-"
_FIT: Final = re.compile(r"(?![~.\s])(?:\.(?!\.)|[^.\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff])*+(?<![.\s])")
_KEPT: Final = " !#$&'()*+,/:;=?@[]{}|^<>`\"\\"
"""Characters that are not encoded in an encoded name, except at its ends."""


def fit(name: str) -> str:
    """Return a name in a form that every target accepts; `original` reads it back unless it is a digest."""
    if name and _FIT.fullmatch(name) and len(name) <= MAX_NAME_CHARS:
        return name
    received = name.encode("utf-8", "surrogatepass")
    encoded = PREFIX + quote(received, safe=_KEPT).replace(".", "%2E").replace(" ", "%20")
    return encoded if len(encoded) <= MAX_NAME_CHARS else DIGEST + sha256(received).hexdigest()


def put_member(members: dict[str, Json], name: str, value: Json) -> None:
    """Set a member of an object under a name that every target accepts.

    The full name of a member whose name is too long becomes the value of a second member.
    """
    if name.isidentifier() and len(name) <= MAX_NAME_CHARS:
        members[name] = value
        return
    made = fit(name)
    members[made] = value
    if made.startswith(DIGEST):
        members[f"{made}~name"] = name


def original(name: str) -> str | None:
    """Return the received name of a name from `fit`; None when that is a digest."""
    if name.startswith(DIGEST):
        return None
    return unquote_to_bytes(name[1:]).decode("utf-8", "surrogatepass") if name.startswith(PREFIX) else name
