"""Report damaged files that readers of the archive skipped: as lines on stderr, or in the log if there is one."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from anthropic_audit.ports import DAMAGE_LOGGER, REPAIR_HINT
from anthropic_audit.redact import redact

from .failures import print_note

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger


class DamageReporter(logging.Handler):
    """A logging handler that reports each damaged file once."""

    def __init__(self) -> None:
        super().__init__()
        self._log: FilteringBoundLogger | None = None
        self._reported: set[str] = set()
        self.is_incomplete = False
        """True if a command's output lacks records because files were skipped."""

    def use_log(self, log: FilteringBoundLogger) -> None:
        """Report to a log from now on, as services do."""
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Report a file, with a hint for the first one."""
        text = redact(record.getMessage())
        if text in self._reported:
            return
        if self._log is not None:
            self._log.warning("left out", damage=text, hint=REPAIR_HINT)
        else:
            print_note("warning", f"damaged file skipped: {text}", typer.colors.YELLOW)
            if not self._reported:
                print_note("hint", REPAIR_HINT, typer.colors.CYAN)
            self.is_incomplete = True
        self._reported.add(text)


@contextmanager
def reporting_damage() -> Iterator[DamageReporter]:
    """Open a reporter of the files that are skipped while the context lasts."""
    reporter, log = DamageReporter(), logging.getLogger(DAMAGE_LOGGER)
    log.addHandler(reporter)
    try:
        yield reporter
    finally:
        log.removeHandler(reporter)


def log_damage(log: FilteringBoundLogger) -> None:
    """Report skipped files to a log from now on."""
    for handler in logging.getLogger(DAMAGE_LOGGER).handlers:
        if isinstance(handler, DamageReporter):
            handler.use_log(log)
