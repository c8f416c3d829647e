"""Keep errors that no one foresaw to the piece of work they ended: report, count, and say when they persist."""

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
"""The operator's stop, and the loss of the archive itself: nothing can go on after these."""

PERSISTENT_AFTER = 5
"""So many errors of one kind in a row, and the service is no longer ready."""

_MAX_FRAMES = 30
_MAX_REASON_CHARS = 500
_PACKAGE = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class _Row:
    """Errors of one kind in a row."""

    kind: str
    length: int


class UnexpectedErrors:
    """Takes errors that no one foresaw; safe from any thread.

    Each work has a name, such as `feed acme`. Work that goes well, or fails in a way that was foreseen, ends its row.
    """

    def __init__(self, watch: Watch) -> None:
        self._watch = safely(watch)
        self._lock = threading.Lock()
        self._rows: dict[str, _Row] = {}

    def note(self, work: str, error: Exception) -> AuditError:
        """Report an error that ended a piece of work, and return what its caller goes on with.

        An `AuditError` was foreseen: it is returned as it is. Anything else is told to the watch, with its traceback
        if it is the first of its kind in a row, and returned as an `UnexpectedError`.
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
        noted = UnexpectedError(f"this should not happen: {reason}", hint=_hint(error))
        noted.__cause__ = error
        return noted

    def clear(self, work: str) -> None:
        """Take note that a piece of work went well."""
        with self._lock:
            self._rows.pop(work, None)

    def attempt(self, work: str, action: Callable[[], object]) -> AuditError | None:
        """Do a piece of work, and return what ended it.

        Raises:
            InterruptedRunError, ArchiveLostError: These end everything.
        """
        try:
            action()
        except ENDS_EVERYTHING:
            raise
        except Exception as error:  # noqa: BLE001 - this is where it is kept to this work
            return self.note(work, error)
        self.clear(work)
        return None

    @property
    def persistent(self) -> Mapping[str, str]:
        """The kind of error of each work that has ended in the same one again and again."""
        with self._lock:
            return {work: row.kind for work, row in self._rows.items() if row.length >= PERSISTENT_AFTER}


def safely(watch: Watch) -> Watch:
    """Return a watch that never raises: who watches must not end what is watched."""

    def watching(event: Progress) -> None:
        try:
            watch(event)
        except InterruptedRunError:
            raise
        except Exception:  # noqa: BLE001, S110 - there is nobody left to tell
            pass

    return watching


def _reason(error: Exception) -> str:
    """Return an error's class and text without secrets; an error whose text can't be had is named only."""
    kind = type(error).__name__
    try:
        text = redact(str(error))
    except Exception:  # noqa: BLE001 - an error's own text may fail as well
        return kind
    return f"{kind}: {text[:_MAX_REASON_CHARS]}" if text else kind


def _hint(error: Exception) -> str:
    if isinstance(error, OSError):
        return "it is tried again; this comes from the system: check the disk, its rights and its limits"
    if isinstance(error, MemoryError):
        return "it is tried again; give it more memory, or set a smaller batch_size"
    return "it is tried again; please report it with the log's `traceback`, or with what ANTHROPIC_AUDIT_DEBUG=1 prints"


def _frames(error: BaseException) -> tuple[str, ...]:
    """Return a line for each call that led to an error and to its causes; paths of this package are cut short."""
    lines: list[str] = []
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        frames = [f"{_place(frame.filename)}:{frame.lineno} {frame.name}" for frame in _stack(cause)]
        if len(frames) > _MAX_FRAMES:
            half = _MAX_FRAMES // 2
            frames = [*frames[:half], f"({len(frames) - 2 * half} more)", *frames[-half:]]
        lines[:0] = [*frames, type(cause).__name__]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return tuple(lines)


def _stack(error: BaseException) -> traceback.StackSummary:
    return traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)


def _place(filename: str) -> str:
    path = Path(filename)
    if path.is_relative_to(_PACKAGE):
        return str(path.relative_to(_PACKAGE))
    return "/".join(path.parts[-2:])
