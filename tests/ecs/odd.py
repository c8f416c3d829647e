"""Odd values for tests of the normalizer, the ingest pipeline and real engines."""

from __future__ import annotations

from typing import Final

SECRET: Final = "S3CRET"

URLS_WITH_A_PASSWORD: Final = (
    *(f"https://u:{SECRET}@h.example/x", f"https://u:{SECRET}@h.example:99999/x", f"https://u:{SECRET}@[::1/x"),
    *(f"https://u:{SECRET}/x@h.example/y", f"https://u:{SECRET}#x@h.example/y", f"https://u:{SECRET}?x@h.example/y"),
    *(f"u:{SECRET}@h.example/x", f"https:\\\\u:{SECRET}@h.example\\x", f"https://u:{SECRET}\\@h.example"),
    *(f"https:u:{SECRET}@h.example", f"https:/u:{SECRET}@h.example", f"https:///u:{SECRET}@h.example"),
    *(f"//u:{SECRET}@h.example/x", f"https://u:12/{SECRET}@h.example", f"https://u:{SECRET}@h.example:port/"),
    *(f"https://u:{SECRET}@h.example:-1/", f" https://u:{SECRET}@h.example", f"ht\ntps://u:{SECRET}@h.example"),
    *(f"https://u:{SECRET}\n@h.example", f"https://u:a {SECRET}@h.example/x", f"https://u:a@b/{SECRET}@h.example/x"),
    *(f"https://u:{SECRET}\uff20h.example/", f"https://x.example/?next=https://u:{SECRET}@h.example/"),
    *(f"https://x.example/?next=https%3A%2F%2Fu%3A{SECRET}%40h.example%2F&a=b", f"jdbc:pg://u:{SECRET}@db/x"),
    *(f"\\\\u:{SECRET}@h.example\\share", f"https://u:{SECRET}@", f"https://:{SECRET}@h", f"ws://u:{SECRET}[@h/"),
    *(f"https://u:{SECRET}@[fe80::1%25eth0]:80/x", f"HTTPS://U:{SECRET}@H.EXAMPLE", f"https://u@{SECRET}@h.example"),
    *(f"https://u:{SECRET}@h.example/?a=https://v:{SECRET}@i.example#@", f"/v1/x?next=https://u:{SECRET}@h.example"),
)
"""URLs whose password must not be shown, neither whole nor in parts."""

URLS_WITHOUT: Final = (
    *("https://medium.com/@user/post", "http://localhost:8080/u/a@b", "https://h.example/path?email=a@b.c"),
    *("mailto:alice@acme.example", "/v1/users/a@b", "alice@acme.example", "file:///srv/a@b", "@", "", "a:b"),
    *("https://x.example/?next=https://medium.com/@user", "https://[::1]:8080/a@b", "https://h.example:8443/a@b"),
    *("https://[::1", "https://h:99999/x", "C:\\x", "//h.example/x", "https://h.example:80/%40x", "v1/x?a=b@c"),
)
"""URLs and similar texts without a password, which are not changed."""

ADDRESSES: Final = {
    "198.51.100.7": "198.51.100.7",
    "198.51.100.7:443": "198.51.100.7",
    " 198.51.100.7\t": "198.51.100.7",
    "2001:DB8:0:0:0:0:0:1": "2001:db8::1",
    "2001:db8::0001": "2001:db8::1",
    "[2001:db8::1]:443": "2001:db8::1",
    "[2001:db8::1]": "2001:db8::1",
    "fe80::1%eth0": "fe80::1",
    "[fe80::1%25eth0]:80": "fe80::1",
    "::ffff:198.51.100.7": "198.51.100.7",
    "::FFFF:c633:6407": "198.51.100.7",
    "0:0:0:0:0:0:0:0": "::",
    "1:0:0:2:0:0:0:3": "1:0:0:2::3",
    "1:0:2:3:4:5:6:7": "1:0:2:3:4:5:6:7",
    "1:0:0:2:0:0:3:4": "1::2:0:0:3:4",
    "::1": "::1",
    "198.51.100": None,
    "0198.51.100.7": None,
    "198.51.100.7, 198.51.100.8": None,
    "198.51.100.7/24": None,
    "198.51.100.7:x": None,
    "[198.51.100.7": None,
    "unknown": None,
    "1::2::3": None,
    ":" * 300: None,
}
"""Pairs of an address as received and its canonical form."""

NAMES: Final = (
    *("", " ", "\t ", ".", "..", ".a", "a.", "a..b", "a b", " a", "a ", "a\x00b", "\x00", "a\nb", "a\x7fb", "a\u2028b"),
    *("~", "~a", "~%00", "%00", "_id", "_source", "_field_names", "a.b", "a", "a.b.c", "\ud83d", "a\ud83d", "\udc00b"),
    *(
        "*",
        "a*b",
        "a/b",
        "a\\b",
        'a"b',
        "a<b>",
        "a,b",
        "a:b",
        "#a",
        "é",
        "ünïcode",
        "日本",
        "😀",
        "constructor",
        "null",
    ),
    *("x" * 256, "x" * 257, "x" * 33_000, "ü" * 20_000, "." * 300, "~sha256-x"),
)
"""Names of fields that a target may refuse, or treat as equal."""

IDS: Final = (
    *("activity_1", "_activity", "a b", "a/b", "a\x00b", "a\nb", "é", "😀", "*", ".", "..", "#", "x" * 512, "x" * 513),
    *("ü" * 256, "ü" * 257, "x" * 100_000, '"', "\\", "null", "~sha256-x"),
)
"""Identifiers of activities that a target may refuse."""
