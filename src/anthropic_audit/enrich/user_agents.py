"""Parse user agents with uap-core's expressions; the results have the form of Elasticsearch's user_agent processor."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

import ua_parser

Json = Any
"""A JSON value."""

_MAX_PARSED_CHARS = 4096
"""Upper bound on the characters that are parsed; a longer user agent is cut, as no browser or program sends one."""

_OTHER = "Other"
"""The name that Elasticsearch's processor gives an unknown program or device."""

_PRODUCT = re.compile(r"([A-Za-z][A-Za-z0-9._+-]{1,63})/v?([0-9][A-Za-z0-9.+-]{0,31})(?=[\s(;,]|$)")
"""The product and the version at the start of a user agent (RFC 9110, 10.1.5): `claude-cli/2.0 (external, cli)`."""

_GENERIC_PRODUCTS = frozenset({"Mozilla"})
"""Products that identify no program, as most browsers send them."""

_OS_TYPES = MappingProxyType(
    {
        "Android": "android",
        "Arch Linux": "linux",
        "CentOS": "linux",
        "Debian": "linux",
        "Fedora": "linux",
        "FreeBSD": "unix",
        "Gentoo": "linux",
        "Linux": "linux",
        "Linux Mint": "linux",
        "Mac OS": "macos",
        "Mac OS X": "macos",
        "Mandriva": "linux",
        "NetBSD": "unix",
        "OpenBSD": "unix",
        "Red Hat": "linux",
        "SUSE": "linux",
        "Solaris": "unix",
        "Ubuntu": "linux",
        "Windows": "windows",
        "iOS": "ios",
    }
)
"""The value of `os.type` that ECS allows, by the system's name; other systems have none."""


def describe_user_agent(text: str) -> dict[str, Json]:
    """Return `name`, `version`, `os` and `device` as ECS has them below `user_agent`.

    A program that the expressions do not know gets the name of the product at the start of its user agent. As in
    Elasticsearch's processor, an unknown name or device is `Other`, without a version; an unknown system is left out.
    """
    parsed = ua_parser.parse(text[:_MAX_PARSED_CHARS])
    described: dict[str, Json] = {"name": _OTHER, "device": {"name": _OTHER}}
    if parsed.user_agent is not None:
        described["name"] = parsed.user_agent.family
        program = parsed.user_agent
        _add(described, "version", _version(program.major, program.minor, program.patch, program.patch_minor))
    elif (product := _PRODUCT.match(text)) and product[1] not in _GENERIC_PRODUCTS:
        described |= {"name": product[1], "version": product[2]}
    if parsed.device is not None:
        described["device"] = {"name": parsed.device.family}
    if parsed.os is not None:
        described["os"] = _system(parsed.os)
    return described


def _system(system: ua_parser.OS) -> dict[str, Json]:
    version = _version(system.major, system.minor, system.patch, system.patch_minor)
    described: dict[str, Json] = {"name": system.family}
    _add(described, "version", version)
    described["full"] = f"{system.family} {version}" if version else system.family
    _add(described, "type", _OS_TYPES.get(system.family))
    return described


def _version(*parts: str | None) -> str | None:
    """Return the parts up to the first missing one, joined by dots."""
    known = parts[: parts.index(None)] if None in parts else parts
    return ".".join(part for part in known if part) or None


def _add(described: dict[str, Json], name: str, value: str | None) -> None:
    if value:
        described[name] = value
