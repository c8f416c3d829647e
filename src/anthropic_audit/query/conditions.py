"""Parse the conditions of `--filter`: `user.email=*@acme.example`, `http.response.status_code>=400`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

from anthropic_audit.errors import SetupError

MAX_QUOTED_CHARS: Final = 200
"""Longest part of a wrong value that a message quotes, in characters."""

LONG: Final = 2**63
"""Integer columns hold numbers from the negative of this up to one less."""

Network = IPv4Network | IPv6Network

_CONDITION = re.compile(r"\s*([^=!<>\s]+)\s*(!=|>=|<=|=|>|<)(.*)", re.DOTALL)
_FIELD = re.compile(r"[A-Za-z_@][A-Za-z0-9_@-]*(\.[A-Za-z0-9_@-]+)*")
_HINT = "write field=value, such as event.action=sso_login_failed; the operators are = != > >= < <="


class Operator(StrEnum):
    """The comparison of a field with a value."""

    EQUAL = "="
    UNEQUAL = "!="
    GREATER = ">"
    AT_LEAST = ">="
    LESS = "<"
    AT_MOST = "<="


@dataclass(frozen=True, slots=True)
class Condition:
    """A comparison of a field with a value; a field with several values matches if any of them does."""

    field: str
    operator: Operator
    value: str
    is_literal: bool = False
    """True if `*` in the value is an ordinary character."""

    @property
    def asks_for_presence(self) -> bool:
        """True for `field=*` and `field!=*`."""
        return self.value == "*" and self._may_have_wildcards

    @property
    def pattern(self) -> str | None:
        """The value as a LIKE pattern, escaped by a backslash, if it is an equality with wildcards; else None."""
        if "*" not in self.value or not self._may_have_wildcards:
            return None
        return like(self.value)

    @property
    def _may_have_wildcards(self) -> bool:
        return not self.is_literal and self.operator in {Operator.EQUAL, Operator.UNEQUAL}

    @property
    def network(self) -> Network | None:
        """The value as a network if an address field is compared with one, else None."""
        if "/" not in self.value or not self.field.endswith((".ip", "ip_address")):
            return None
        try:
            return ip_network(self.value, strict=False)
        except ValueError as error:
            message = f"not a network: `{self.value}`"
            raise SetupError(message, hint="write it as 10.0.0.0/8 or 2001:db8::/32") from error


def like(text: str) -> str:
    """Convert a text with wildcards to a LIKE pattern, escaped by a backslash."""
    return re.sub(r"([\\%_])", r"\\\1", text).replace("*", "%")


def read_number(text: str) -> int | float:
    """Parse a number to compare with; one beyond 64 bits becomes a float, which the database can compare.

    Raises:
        ValueError: The text is not a number, or is NaN, which no number equals.
    """
    number = float(text)
    if math.isnan(number):
        raise ValueError(text)
    if -LONG <= number <= LONG and text.strip().removeprefix("-").isdecimal():
        whole = int(text)
        return whole if -LONG <= whole < LONG else number
    return number


def check_encodable(text: str) -> None:
    """Raise if a text can't be encoded as UTF-8: arguments that are not UTF-8 contain lone surrogates.

    Raises:
        SetupError: Names the position of the first such character.
    """
    try:
        text.encode()
    except UnicodeEncodeError as error:
        shown = text.encode("utf-8", "backslashreplace").decode()[:MAX_QUOTED_CHARS]
        message = f"character {error.start + 1} is not valid UTF-8: `{shown}`"
        raise SetupError(message, hint="check the encoding of the terminal or script it comes from") from error


def parse_condition(text: str) -> Condition:
    """Parse one condition.

    Raises:
        SetupError: There is no operator, no field, or the field name has characters that are not allowed.
    """
    check_encodable(text)
    found = _CONDITION.fullmatch(text)
    if found is None:
        message = f"not a filter: `{text}`"
        raise SetupError(message, hint=_HINT)
    return Condition(checked_name(found.group(1)), Operator(found.group(2)), found.group(3).strip())


def checked_name(name: str) -> str:
    """Return a field name if it has the form of one, and so is safe inside a JSON path.

    Raises:
        SetupError: It does not have that form.
    """
    if _FIELD.fullmatch(name) is None:
        message = f"not a field name: `{name}`"
        raise SetupError(message, hint="a name has letters, digits, `_`, `-`, `@`, and dots between its parts")
    return name
