"""What people write after `--filter`: `user.email=*@acme.example`, `http.response.status_code>=400`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from anthropic_audit.errors import SetupError

MAX_QUOTED_CHARS: Final = 200
"""Longest part of a wrong value that a message quotes."""

LONG: Final = 2**63
"""Integer columns hold numbers below this, and from its negative on."""

Network = IPv4Network | IPv6Network

_CONDITION = re.compile(r"\s*([^=!<>\s]+)\s*(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
_FIELD = re.compile(r"[A-Za-z_@][A-Za-z0-9_@-]*(\.[A-Za-z0-9_@-]+)*")
_HINT = "write field=value, such as event.action=sso_login_failed; the operators are = != > >= < <="


class Operator(StrEnum):
    """How a field's values are compared."""

    EQUAL = "="
    UNEQUAL = "!="
    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a field; a field with several values fits when any of them does."""

    field: str
    operator: Operator
    value: str
    is_literal: bool = False
    """True when a `*` in the value is a sign like any other."""

    @property
    def asks_for_presence(self) -> bool:
        """True of `field=*` and `field!=*`."""
        return self.value == "*" and self._may_have_wildcards

    @property
    def pattern(self) -> str | None:
        """The value as a LIKE pattern, escaped by a backslash, when equality with wildcards is asked; else None."""
        if "*" not in self.value or not self._may_have_wildcards:
            return None
        return like(self.value)

    @property
    def _may_have_wildcards(self) -> bool:
        return not self.is_literal and self.operator in {Operator.EQUAL, Operator.UNEQUAL}

    @property
    def network(self) -> Network | None:
        """The value as a network when an address field is compared with one, else None."""
        if "/" not in self.value or not self.field.endswith((".ip", "ip_address")):
            return None
        try:
            return ip_network(self.value, strict=False)
        except ValueError as error:
            message = f"this is no network: `{self.value}`"
            raise SetupError(message, hint="write it as 10.0.0.0/8 or 2001:db8::/32") from error


def like(text: str) -> str:
    """Return a text with wildcards as a LIKE pattern, escaped by a backslash."""
    return re.sub(r"([\\%_])", r"\\\1", text).replace("*", "%")


def read_number(text: str) -> int | float:
    """Read a number to compare with; one beyond 64 bits is read as a float, which the database can compare.

    Raises:
        ValueError: It is no number, or NaN, with which nothing can be compared.
    """
    number = float(text)
    if math.isnan(number):
        raise ValueError(text)
    if -LONG <= number <= LONG and text.strip().removeprefix("-").isdecimal():
        whole = int(text)
        return whole if -LONG <= whole < LONG else number
    return number


def check_encodable(text: str) -> None:
    """Accept a text that UTF-8 can write: an argument of bytes that are no UTF-8 has lone surrogates.

    Raises:
        SetupError: With the place of the first character that it can't.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        shown = text.encode("utf-8", "backslashreplace").decode()[:MAX_QUOTED_CHARS]
        message = f"character {error.start + 1} of this is no UTF-8: `{shown}`"
        raise SetupError(message, hint="check the encoding of the terminal or script it comes from") from error


def parse_condition(text: str) -> Condition:
    """Read one condition.

    Raises:
        SetupError: It has no operator, no field, or a field name of impossible signs.
    """
    check_encodable(text)
    found = _CONDITION.fullmatch(text)
    if found is None:
        message = f"this is no filter: `{text}`"
        raise SetupError(message, hint=_HINT)
    return Condition(checked_name(found.group(1)), Operator(found.group(2)), found.group(3).strip())


def checked_name(name: str) -> str:
    """Return a field's name if it is made as names are, so that it is safe inside a JSON path.

    Raises:
        SetupError: It is not.
    """
    if _FIELD.fullmatch(name) is None:
        message = f"this is no field name: `{name}`"
        raise SetupError(message, hint="names have letters, digits, `_`, `-`, `@`, and dots in between")
    return name
