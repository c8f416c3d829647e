"""Generate script functions that classify a type by its name, from the catalogue's own expressions.

A script may apply regular expressions only to short texts. The catalogue's expressions are alternatives of plain texts,
so each alternative becomes a comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, Final

from anthropic_audit.catalogue.classify import ALLOWED, DEFAULT, FAILURES, OPEN_ENDS, SUBJECTS, VERBS

_ANYTHING: Final = r"_(\w+)$"
"""The last verb, which matches all other names and has no meaning of its own."""


def functions() -> str:
    """Return the source of `subjectOf`, `verbOf` and `outcomeOfName`."""
    subjects = [(pattern.pattern, str(number)) for number, (pattern, _) in enumerate(SUBJECTS)]
    verbs = [(pattern.pattern, f'"{verb}"') for pattern, verb in VERBS if pattern.pattern != _ANYTHING]
    outcomes = [(FAILURES.pattern, '"failure"'), (OPEN_ENDS.pattern, '"unknown"')]
    return "\n".join(
        [
            _function("int", "subjectOf", subjects, str(len(SUBJECTS))),
            _function("String", "verbOf", verbs, '"change"'),
            _function("String", "outcomeOfName", outcomes, '"success"'),
        ]
    )


def meanings() -> list[Mapping[str, Any]]:
    """Return the meaning of each subject: categories, and the values of `event.type` by verb."""
    verbs = [verb for _, verb in VERBS]
    return [
        {
            "category": list(category),
            "type": {verb: list(ALLOWED[category[0]].get(verb, ALLOWED[category[0]]["*"])) for verb in verbs},
        }
        for category in (*(category for _, category in SUBJECTS), DEFAULT)
    ]


def alternatives(pattern: str) -> list[str]:
    """Return the plain texts that a pattern matches, each with `^` or `$` where it is anchored.

    Raises:
        ValueError: The pattern has other elements than alternatives, groups, `?`, `^` and `$`.
    """
    found, rest = _either(pattern)
    if rest or any(char in text for text in found for char in "\\*+.{["):
        message = f"the pattern has more than alternatives: {pattern}"
        raise ValueError(message)
    return list(dict.fromkeys(found))


def _either(pattern: str) -> tuple[list[str], str]:
    """Parse alternatives up to the end or a closing parenthesis; return them and the rest of the pattern."""
    found: list[str] = []
    parts: list[list[str]] = []
    while pattern and pattern[0] != ")":
        char, pattern = pattern[0], pattern[1:]
        if char == "|":
            found += map("".join, product(*parts))
            parts = []
        elif char == "(":
            inner, pattern = _either(pattern)
            pattern = pattern[1:]
            parts.append(inner)
        elif char == "?":
            parts[-1] = ["", *parts[-1]]
        else:
            parts.append([char])
    return [*found, *map("".join, product(*parts))], pattern


def _function(kind: str, name: str, cases: Iterable[tuple[str, str]], otherwise: str) -> str:
    lines = [f"if ({' || '.join(_conditions(pattern))}) return {result};" for pattern, result in cases]
    return "\n".join([f"{kind} {name}(String name) {{", *lines, f"return {otherwise};", "}"])


def _conditions(pattern: str) -> Iterator[str]:
    for text in alternatives(pattern):
        plain = text.strip("^$")
        if text.startswith("^"):
            yield f'name.startsWith("{plain}")'
        elif text.endswith("$"):
            yield f'name.endsWith("{plain}")'
        else:
            yield f'name.contains("{plain}")'
