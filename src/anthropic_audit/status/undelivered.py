"""Count the undelivered events of days that retention would remove."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from anthropic_audit.archive.duck import translated

_POSITIONS = "SELECT sink, max(last_seq) FROM deliveries WHERE errand = 'follow' GROUP BY sink"
_DAYS = """
SELECT day, count(*) FROM events WHERE seq > $position AND day < CAST($before AS DATE) GROUP BY day ORDER BY day
"""


@dataclass(frozen=True, slots=True)
class Undelivered:
    """The number of a day's events that a sink has not settled yet."""

    sink: str
    day: date
    events: int


def undelivered(connection: duckdb.DuckDBPyConnection, sinks: Iterable[str], before: date) -> Sequence[Undelivered]:
    """Count the events before a day that these sinks have not settled yet; rejected events are settled.

    Raises:
        ArchiveError: The archive can't be read.
    """
    with translated():
        positions = dict(connection.execute(_POSITIONS).fetchall())
        found: list[Undelivered] = []
        for sink in sinks:
            parameters = {"position": positions.get(sink) or 0, "before": before}
            found += [
                Undelivered(sink, day, events) for day, events in connection.execute(_DAYS, parameters).fetchall()
            ]
    return found
