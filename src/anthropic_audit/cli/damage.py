"""Tell which damaged files of the archive were left out: as lines on stderr, or in the log where there is one."""

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
    """Tells each damaged file once."""

    def __init__(self) -> None:
        super().__init__()
        self._log: FilteringBoundLogger | None = None
        self._known: set[str] = set()
        self.is_incomplete = False
        """True when something was left out of what the command has printed."""

    def tell_by(self, log: FilteringBoundLogger) -> None:
        """Write log lines from now on, as services do."""
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of a file, and what to do with the first one."""
        text = redact(record.getMessage())
        if text in self._known:
            return
        if self._log is not None:
            self._log.warning("left out", damage=text, hint=REPAIR_HINT)
        else:
            print_note("warning", f"left out: {text}", typer.colors.YELLOW)
            if not self._known:
                print_note("hint", REPAIR_HINT, typer.colors.CYAN)
            self.is_incomplete = True
        self._known.add(text)


@contextmanager
def reporting_damage() -> Iterator[DamageReporter]:
    """Tell what is left out meanwhile."""
    teller, log = DamageReporter(), logging.getLogger(DAMAGE_LOGGER)
    log.addHandler(teller)
    try:
        yield teller
    finally:
        log.removeHandler(teller)


def log_damage(log: FilteringBoundLogger) -> None:
    """Have what is left out told in a log."""
    for handler in logging.getLogger(DAMAGE_LOGGER).handlers:
        if isinstance(handler, DamageReporter):
            handler.tell_by(log)
