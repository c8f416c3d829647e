"""The results of probes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from anthropic_audit.errors import AuditError


class State(StrEnum):
    """The verdict of a check."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of one check: its subject, the verdict, what was found, and the remedy if it is not fine."""

    what: str
    state: State
    found: str
    cure: str = ""


def probed(what: str, probe: Callable[[], Iterable[CheckResult]]) -> list[CheckResult]:
    """Return the results of a probe; an error of the probe becomes a result, so that the other probes still run."""
    try:
        return list(probe())
    except AuditError as error:
        return [CheckResult(what, State.WRONG, str(error), error.hint or "")]
    except OSError as error:
        return [CheckResult(what, State.WRONG, f"{type(error).__name__}: {error.strerror or error}", "")]
