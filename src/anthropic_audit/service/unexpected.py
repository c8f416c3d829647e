"""Confine unexpected errors to the unit of work that they ended: report and count them, detect persistent ones."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from anthropic_audit.errors import ArchiveLostError, AuditError, InterruptedRunError, UnexpectedError
from anthropic_audit.progress import Progress, Unexpected, Watch
from anthropic_audit.redact import redact

ENDS_EVERYTHING = (InterruptedRunError, ArchiveLostError)
"""Errors that end the whole process: the operator's stop, and the loss of the archive."""

PERSISTENT_AFTER = 5
"""Number of errors of one kind in a row after which the service is not ready."""

_MAX_FRAMES = 30
_MAX_REASON_CHARS = 500
_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of consecutive errors of one kind."""

    kind: str
    length: int


class UnexpectedErrors:
    """Reports and counts unexpected errors; thread-safe.

    Each unit of work has a name, such as `feed acme`. Success, or a known error (an `AuditError`), ends its row.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = safely(watch)
        self._lock = threading.Lock()
        self._rows: dict[str, _Row] = {}

    def note(self, work: str, error: Exception) -> AuditError:
        """Report the error that ended a unit of work, and return an error for the caller to handle.

        An `AuditError` is a known error: it is returned unchanged. Any other error is reported to the watch, with its
        traceback if it is the first of its kind in a row, and returned as an `UnexpectedError`.
        """
        if isinstance(error, AuditError) and not isinstance(error, UnexpectedError):
            self.clear(work)
            return error
        if isinstance(error, UnexpectedError):
            return error
        kind, reason = type(error).__name__, _reason(error)
        with self._lock:
            before = self._rows.get(work)
            length = before.length + 1 if before is not None and before.kind == kind else 1
            self._rows[work] = _Row(kind, length)
        self._watch(Unexpected(work, reason, kind, length, _frames(error) if length == 1 else ()))
        noted = UnexpectedError(f"unexpected error: {reason}", hint=_hint(error))
        noted.__cause__ = error
        return noted

    def clear(self, work: str) -> None:
        """Record that a unit of work succeeded."""
        with self._lock:
            self._rows.pop(work, None)

    def attempt(self, work: str, action: Callable[[], object]) -> AuditError | None:
        """Run a unit of work, and return its error or None.

        Raises:
            InterruptedRunError, ArchiveLostError: These end the whole process.
        """
        try:
            action()
        except ENDS_EVERYTHING:
            raise
        except Exception as error:  # noqa: BLE001 - the error is confined to this work
            return self.note(work, error)
        self.clear(work)
        return None

    @property
    def persistent(self) -> Mapping[str, str]:
        """Kind of error, by name of work, of all work with at least `PERSISTENT_AFTER` errors of one kind in a row."""
        with self._lock:
            return {work: row.kind for work, row in self._rows.items() if row.length >= PERSISTENT_AFTER}


def safely(watch: Watch) -> Watch:
    """Return a watch that raises nothing but InterruptedRunError, so that its errors don't end the observed work."""

    def watching(event: Progress) -> None:
        try:
            watch(event)
        except InterruptedRunError:
            raise
        except Exception:  # noqa: BLE001, S110 - there is no other way to report it
            pass

    return watching


def _reason(error: Exception) -> str:
    """Return an error's class and text without secrets; only the class if `str` of the error fails."""
    kind = type(error).__name__
    try:
        text = redact(str(error))
    except Exception:  # noqa: BLE001 - `str` of an error may fail as well
        return kind
    return f"{kind}: {text[:_MAX_REASON_CHARS]}" if text else kind


def _hint(error: Exception) -> str:
    if isinstance(error, OSError):
        return "it is retried automatically; the operating system reports it: check the disk, permissions and limits"
    if isinstance(error, MemoryError):
        return "it is retried automatically; give the process more memory, or set a smaller batch_size"
    return (
        "it is retried automatically; please report it with the log's `traceback`, "
        "or with the output of ANTHROPIC_AUDIT_DEBUG=1"
    )


def _frames(error: BaseException) -> tuple[str, ...]:
    """Return a line per call of the traceback of an error and its causes; paths are shortened."""
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = [f"{_short_path(frame.filename)}:{frame.lineno} {frame.name}" for frame in _stack(cause)]
        if len(frames) > _MAX_FRAMES:
            half = _MAX_FRAMES // 2
            frames = [*frames[:half], f"({len(frames) - 2 * half} more)", *frames[-half:]]
        lines[:0] = [*frames, type(cause).__name__]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return tuple(lines)


def _stack(error: BaseException) -> traceback.StackSummary:
    return traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)


def _short_path(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_PACKAGE):
        return str(path.relative_to(_PACKAGE))
    return "/".join(path.parts[-2:])
