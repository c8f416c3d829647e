"""What a probe finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from anthropic_audit.errors import AuditError


class State(StrEnum):
    """How something is."""

    FINE = "fine"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """One thing that was looked at: how it is, what was seen, and what to do if it is not fine."""

    what: str
    state: State
    found: str
    cure: str = ""


def probed(what: str, probe: Callable[[], Iterable[CheckResult]]) -> list[CheckResult]:
    """Return what a probe finds; one that fails has found something wrong, and hides nothing of the others."""
    try:
        return list(probe())
    except AuditError as error:
        return [CheckResult(what, State.WRONG, str(error), error.hint or "")]
    except OSError as error:
        return [CheckResult(what, State.WRONG, f"{type(error).__name__}: {error.strerror or error}", "")]
