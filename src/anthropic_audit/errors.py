"""Every error we raise on purpose, by what it asks of the caller.

AuditError
  SetupError             a human must change something (settings, flags, a filter): says where; exit code 2
    QueryError           a query can't be read: says at which character
  TransientError         waiting may help: try the same thing again, after `retry_after` if it is given
    FeedBusyError        the API answered 429, 5xx, or an unreadable body
    FeedUnreachableError no answer came at all
    ConsoleBusyError     the console's limit of concurrent work is reached, or memory is low
    SinkBusyError        a target is busy or did not respond: sent events may have arrived or not; exit code 3
  FatalError             stop this run; nothing is claimed that was not stored; exit code 1
    FeedDeniedError      the API refuses the key
    FeedRefusedError     the API refuses the question (400)
    FeedContractError    the API answered what its documentation does not cover
    FeedPageTooLargeError a page is larger than what is read at once: fewer activities are asked for
    FeedStalledError     the API says there is more, but repeats the same position
    ArchiveError         the archive can't be read or written
    ArchiveBusyError     another process writes this archive
    ArchiveLostError     the writer lost its archive (lease or table removed, or written by another process)
    SinkDeniedError      a target refuses our credentials, or is misconfigured
  SinkRefusedError       a target refuses these events as they are: fewer at once may be taken, one alone is rejected
  LoginRefusedError      a login is refused, or its token is invalid: the user sees why, and may try again
  ProviderError          an identity provider can't be reached, or its response is invalid
  UnexpectedError        an unexpected error, confined to one round, batch or task: the log has its traceback
  InterruptedRunError    the operator asked for an end: what is stored stays, the rest is due next time; exit code 3
"""

from __future__ import annotations


class AuditError(Exception):
    """What went wrong, where, and (as `hint`) what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class SetupError(AuditError):
    """A human must change something before this can work."""

    exit_code = 2


class QueryError(SetupError):
    """A query can't be parsed, or asks for something that does not exist."""

    def __init__(self, message: str, *, hint: str | None = None, column: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.column = column
        """Position of the first wrong character, counted from 1."""


class TransientError(AuditError):
    """Waiting may help: the same request may succeed later."""

    def __init__(self, message: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        """Seconds the server asked us to wait at least, or None."""


class FeedBusyError(TransientError):
    """The API responded with 429 or 5xx, or with a body that is truncated or not JSON."""


class FeedUnreachableError(TransientError):
    """No answer came: refused, reset, timed out, or the name is unknown."""


class ConsoleBusyError(TransientError):
    """The console's limit of concurrent work is reached, or too little memory is available."""


class FatalError(AuditError):
    """Stop this run and leave every claim where it is."""


class FeedDeniedError(FatalError):
    """The API refuses the key (401, 403, 404)."""


class FeedRefusedError(FatalError):
    """The API refuses the question (400): a parameter, a value or a cursor."""


class FeedContractError(FatalError):
    """The API answered what its documentation does not cover, or says that asking again is of no use."""


class FeedPageTooLargeError(FeedContractError):
    """A page is larger than what is read at once; fewer activities may fit."""


class FeedStalledError(FatalError):
    """The API says that there is more and stays at the same position."""


class ArchiveError(FatalError):
    """The archive can't be read or written."""


class ArchiveBusyError(ArchiveError):
    """Another process holds the archive's lease."""


class ArchiveLostError(ArchiveError):
    """The writer lost its archive: the lease file or a table was removed, or another process wrote to the archive.

    Retrying can't help: the process ends, and reads the state of the archive again when it is restarted.
    """


class SinkBusyError(TransientError):
    """A target is busy or did not respond; the events that were sent may have arrived or not."""

    exit_code = 3


class SinkDeniedError(FatalError):
    """A target refuses our credentials, or is misconfigured."""

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        """The status of the target's answer, or None."""


class SinkRefusedError(AuditError):
    """A target refuses a request as it is: too large, or something in it that it can't take."""

    def __init__(self, message: str, *, status: int | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        """The status of the target's answer, or None."""


class LoginRefusedError(AuditError):
    """A login is refused, or the identity provider's token for it is invalid."""


class ProviderError(AuditError):
    """An identity provider can't be reached, or its response is invalid."""


class UnexpectedError(AuditError):
    """An unexpected error ended one unit of work; all other work continues."""


class InterruptedRunError(AuditError):
    """The operator asked for an end; what is stored stays."""

    exit_code = 3
