"""Mask secrets: a type for secret values, and functions that mask keys and passwords in texts and URLs."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

MASK: Final = "***"

_KEY = re.compile(r"sk-ant-([a-z]+\d{2}|[a-z]+)-[A-Za-z0-9_\-]+")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret value that prints as `***`; only `reveal` returns it."""

    _value: str = field(repr=False)

    def reveal(self) -> str:
        """Return the secret value; call this only where it is sent."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret({MASK})"


def redact(text: str) -> str:
    """Return a text with every Anthropic key shortened to its prefix: `sk-ant-admin01-***`."""
    return _KEY.sub(lambda found: f"sk-ant-{found.group(1)}-{MASK}", text)


def safe_url(url: str) -> str:
    """Return a URL without user name and password; mask an invalid URL from its scheme to the last `@`.

    URLs inside its query are masked, too. A path, an e-mail address or `mailto:` is returned unchanged. Never raises.
    """
    return mask_url(url)[0]


def mask_url(url: str) -> tuple[str, bool]:
    """Return a URL masked as by `safe_url`, and whether it could be split into its parts; never raises."""
    if not _AT.search(url):
        return _masked_query(url), True
    found = _URL.fullmatch(url)
    if found is None or not _is_port(found["port"]):
        return _masked_text(url)
    info, rest, prefix = found["info"], found["rest"], found["scheme"] or ""
    if info is None:
        return (url[: found.start("rest")] + _masked_query(rest), True) if _is_host(found) else _masked_text(url)
    if _AT.search(rest):  # the password may have held a `/`, `?` or `#`: then this is not a path
        return _masked_text(url)
    return f"{prefix}//{MASK}@{url[found.end('info') + 1 :]}", True


def mask_urls(text: str) -> str:
    """Return a text with the user names and passwords of all its URLs masked; never raises.

    Text that begins like a URL but can't be parsed as one is masked up to the last `@` of the text.
    """
    last = max(map(text.rfind, _ATS))
    if last < 0:
        return _masked_query(text)
    parts: list[str] = []
    done = 0
    while (found := _BEGIN.search(text, done, last)) is not None:
        end = _END.search(text, found.end())
        stop = end.start() if end else len(text)
        token = text[found.start() : stop]
        parts.append(text[done : found.start()])
        if _AT.search(token) is None and _is_broken(token):
            parts += [found.group(), MASK]
            done = last
            break
        parts.append(safe_url(token))
        done = stop
    return "".join([*parts, text[done:]])


_ATS: Final = ("@", "\uff20", "\ufe6b")
"""The character `@`, and those that a browser treats like it."""
_AT: Final = re.compile(f"[{''.join(_ATS)}]")
_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.\-]*+:)?//(?:(?P<info>[^\s/\\?#@\uff20\ufe6b]*)@)?"
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[\w.%\-]+)?\]|[^\s/\\?#@\uff20\ufe6b:\[\]]*)(?::(?P<port>[0-9]*))?"
    r"(?P<rest>(?:[/?#][^\s\\]*)?)"
)
_BEGIN: Final = re.compile(r"(?<![A-Za-z0-9])(?:[A-Za-z][A-Za-z0-9+.\-]{0,30}:[/\\]{2,}|(?i:https?|wss?|ftps?):[/\\]+)")
_END: Final = re.compile(r"[\s\"'<>`]")
_TEXT_BEGIN: Final = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.\-]*+:[/\\]+|(?i:https?|wss?|ftps?|ssh|git):|[/\\]{2,})?")
_HARMLESS: Final = re.compile(r"\s*(?:[/?#](?![/\\])|(?i:mailto|acct|sips?|xmpp|im|urn|cid|mid|data):|[^:\\]*\Z)")
"""A path, a URI that names no host, or a text without a password because it has no colon."""
_MAX_PORT_DIGITS, _MAX_PORT = 5, 65_535
_QUOTED_BEGIN: Final = re.compile(r"%3A%2F%2F", re.IGNORECASE)


def _is_port(port: str | None) -> bool:
    return not port or (len(port) <= _MAX_PORT_DIGITS and int(port) <= _MAX_PORT)


def _is_host(found: re.Match[str]) -> bool:
    """Return whether the host is a host, not a user name before a password that begins with digits or has a `/`."""
    host, port = found["host"], found["port"]
    if not host:
        return (found["scheme"] or "").lower() in ("file:", "")
    return port is None or (port != "" and ("." in host or host.startswith("[") or host.lower() == "localhost"))


def _is_broken(token: str) -> bool:
    """Return whether a text begins like a URL but is not a valid one."""
    found = _URL.fullmatch(token)
    return found is None or not _is_port(found["port"]) or not _is_host(found)


def _masked_text(url: str) -> tuple[str, bool]:
    """Mask the text between the scheme (if there is one) and the last `@`."""
    if _HARMLESS.match(url):
        return _masked_query(url), True
    begin = _TEXT_BEGIN.match(url)
    scheme = begin.group() if begin else ""
    return f"{scheme}{MASK}{_masked_query(url[max(map(url.rfind, _ATS)) :])}", False


def _masked_query(rest: str) -> str:
    """Mask URLs inside a path or query, each parameter separately."""
    if not ("//" in rest and "@" in rest) and ("%40" not in rest or _QUOTED_BEGIN.search(rest) is None):
        return rest
    return "&".join(map(_masked_parameter, rest.split("&")))


def _masked_parameter(text: str) -> str:
    for begin, at, read in ((_BEGIN, "@", str), (_QUOTED_BEGIN, "%40", unquote)):
        found, last = begin.search(text), text.rfind(at)
        if found is None or last < found.end():
            continue
        inner = _URL.fullmatch("x:" + read(text[found.start() :]).partition(":")[2])
        if inner is None or inner["info"] is not None or not _is_port(inner["port"]) or not _is_host(inner):
            text = f"{text[: found.end()]}{MASK}{text[last:]}"
    return text
