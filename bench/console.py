"""Measure the response times of the console's pages, and of plain DuckDB queries over the same files.

    python bench/console.py --archive ./archive
    python bench/console.py --activities 10000000

Each page is requested as a browser does: the page first, then its parts, two at a time. A part's time is from the
request to the last byte of its response. The reference runs the same counts over the same Parquet files in DuckDB, one
after the other, in this process: no server, no JSON, no masking. Without `--archive`, an archive is created first and
compacted, as `run` does every six hours.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote

import duckdb
import httpx2

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.backfill import backfill
from bench.crashes import Plan, simulator

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.clock import SystemClock
from anthropic_audit.console import open_console
from anthropic_audit.console.views.overview import PANELS, RANKED
from anthropic_audit.query.fields import COLUMNS
from anthropic_audit.settings import ConsoleSettings, Settings

AT_ONCE = 2
ROUNDS = 3
PERIODS = ("now-24h", "now-7d", "now-30d")


@dataclass(frozen=True)
class Part:
    """A request of a page, and the equivalent plain query, if there is one."""

    path: str
    plain: str = ""


def plain_of(panel: str) -> str:
    """Return the plain queries for an overview panel; `{now}` and `{before}` are conditions on the time."""
    if panel in RANKED:
        columns = [COLUMNS[field].name for field in RANKED[panel]]
        return "; ".join(_TOP.format(column, period) for column in columns for period in ("{now}", "{before}"))
    if panel.startswith("new-"):
        column = COLUMNS[panel.removeprefix("new-")].name
        return f"SELECT {column}, min(timestamp) FROM events GROUP BY 1"
    return _PLAIN.get(panel, "")


_TOP = "SELECT {}, count(*) FROM events WHERE {} GROUP BY 1 ORDER BY 2 DESC LIMIT 9"
_FACETS = ("event_action", "user_email", "source_ip", "source_geo_country_iso_code", "user_agent_original")
_SAMPLE_USER = """
SELECT user_email, max(seq), arg_max(source_ip, seq), CAST(max(timestamp) AS VARCHAR) FROM events
WHERE user_email IS NOT NULL AND source_ip IS NOT NULL AND sensitivity = 'critical' GROUP BY 1 ORDER BY 2 DESC LIMIT 1
"""
_ACCESSES = """
SELECT e.timestamp, a.received_at, e.source_ip, e.user_agent_original,
    json_extract_string(e.document, '$.http.request.id')
FROM events e JOIN activities a ON a.seq = e.seq WHERE e.event_action = 'compliance_api_accessed'
    AND e.timestamp >= now() - INTERVAL 1 DAY AND e.day >= current_date - 1 AND a.day >= current_date - 1
"""
_NUMBERS = (
    "SELECT count(*), count(*) FILTER (event_outcome = 'failure'), count(*) FILTER (sensitivity = 'critical'), "
    "count(DISTINCT user_email), count(DISTINCT source_ip) FROM events WHERE {}"
)
_OVER_TIME = (
    "SELECT epoch_us(timestamp) // 10800000000, event_category[1], count(*) FROM events WHERE {now} GROUP BY ALL"
)
_NEWEST = "SELECT seq, document FROM events WHERE {now} ORDER BY timestamp DESC LIMIT 50"
_PLAIN = {
    "numbers": f"{_NUMBERS.format('{now}')}; {_NUMBERS.format('{before}')}",
    "over-time": _OVER_TIME,
    "failed-sign-ins": _OVER_TIME + " HAVING max(event_outcome) = 'failure'",
    "sensitive": _NEWEST.replace("{now}", "{now} AND sensitivity = 'critical'"),
}


@dataclass(frozen=True)
class SampleUser:
    """A user whose page is measured, with one of the user's events."""

    user: str
    seq: int
    address: str
    when: str

    @property
    def story(self) -> str:
        """The plain queries for an event and the events around it: by the same actor, from the same address."""
        day = f"timestamp BETWEEN '{self.when}'::TIMESTAMPTZ - INTERVAL 1 DAY AND '{self.when}'::TIMESTAMPTZ"
        day += f" + INTERVAL 1 DAY AND day BETWEEN '{self.when}'::DATE - 1 AND '{self.when}'::DATE + 1"
        near = f"SELECT seq, document FROM events WHERE {day} AND {{}} ORDER BY timestamp DESC LIMIT 30"
        whose = (f"user_email = '{self.user}'", f"source_ip = '{self.address}'")
        return "; ".join([f"SELECT document FROM events WHERE seq = {self.seq}", *map(near.format, whose)])


def pages(sample: SampleUser) -> Mapping[str, Sequence[Part]]:
    """Return the requests of each page."""
    user = sample.user
    entity = f"user/{quote(user, safe='')}"
    theirs = f"(user_email = '{user}' OR user_target_email = '{user}')"
    return {
        "Overview": [Part("/"), *(Part(f"/api/overview/{name}", plain_of(name)) for name in PANELS)],
        "Explore": [Part("/explore"), Part("/api/events", _NEWEST), Part("/api/over-time", _OVER_TIME)],
        "Explore, a query": [
            Part(
                "/api/events?q=event.action : sso_* and event.outcome : failure",
                _NEWEST.replace("{now}", "{now} AND event_action LIKE 'sso_%' AND event_outcome = 'failure'"),
            ),
            Part(
                "/api/over-time?q=event.action : sso_* and event.outcome : failure",
                _OVER_TIME.replace("{now}", "{now} AND event_action LIKE 'sso_%' AND event_outcome = 'failure'"),
            ),
        ],
        "Explore, by user": [
            Part("/api/events?sort=user.email", _NEWEST.replace("ORDER BY", "ORDER BY user_email,")),
        ],
        "Event": [Part(f"/event/{sample.seq}", sample.story)],
        "User": [
            Part(f"/entity/{entity}"),
            Part(
                f"/api/entity/seen/{entity}",
                f"SELECT min(timestamp), max(timestamp), count(*) FROM events WHERE {theirs}",
            ),
            Part(f"/api/entity/over-time/{entity}", _OVER_TIME.replace("{now}", f"{{now}} AND {theirs}")),
            Part(
                f"/api/entity/values/{entity}",
                "; ".join(_TOP.format(column, f"{{now}} AND {theirs}") for column in _FACETS),
            ),
            *(
                Part(f"/api/entity/{name}/{entity}", _NEWEST.replace("{now}", f"{{now}} AND {theirs}"))
                for name in ("latest", "changed", "changes")
            ),
        ],
        "Feed health": [Part("/feeds", f"SELECT count(*) FROM activities; SELECT count(*) FROM events; {_ACCESSES}")],
    }


@contextmanager
def made(activities: int) -> Iterator[Path]:
    """Create and compact an archive of a simulated month, and yield its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with simulator(Plan(activities=activities), folder) as url:
            backfill(url, (folder / "key").read_text().strip(), folder / "archive").wait()
        clock = SystemClock()
        with open_writer(str(folder / "archive"), clock, lambda _: None) as archive:
            archive.compact()
        yield folder / "archive"


def measure(archive: Path) -> None:
    """Print the response times of each page."""
    with open_reader(str(archive)).connect() as connection:
        connection.execute("SET GLOBAL parquet_metadata_cache = true")
        (events,) = connection.execute("SELECT count(*) FROM events").fetchall()[0]
        sample = SampleUser(*connection.execute(_SAMPLE_USER).fetchall()[0])
        settings = Settings(archive=str(archive), console=ConsoleSettings(port=0))
        print(f"events {events:,}; seconds: slowest response and whole page; plain DuckDB: slowest query and sum")
        with open_console(settings, SystemClock(), lambda _: None) as console, httpx2.Client(timeout=120) as client:
            client.get(console.link(), follow_redirects=True).raise_for_status()
            for period in PERIODS:
                for page, parts in pages(sample).items():
                    _measure(
                        f"{page}, {period.removeprefix('now-')}",
                        parts,
                        period,
                        client=client,
                        url=console.url,
                        connection=connection,
                    )


def _measure(
    title: str,
    parts: Sequence[Part],
    period: str,
    *,
    client: httpx2.Client,
    url: str,
    connection: duckdb.DuckDBPyConnection,
) -> None:
    def ask(part: Part) -> float:
        started = time.perf_counter()
        path, _, query = part.path.partition("?")
        name, _, value = query.partition("=")
        parameters = {"from": period, **({name: value} if name else {})}
        client.get(f"{url}{path}", params=parameters).raise_for_status()
        return time.perf_counter() - started

    slowest, whole = [], []
    with ThreadPoolExecutor(AT_ONCE) as browser:
        for _ in range(ROUNDS):
            started = time.perf_counter()
            slowest.append(max(browser.map(ask, parts)))
            whole.append(time.perf_counter() - started)
    plain = [min(_plain(part, period, connection) for _ in range(ROUNDS)) for part in parts if part.plain]
    mine, theirs = f"{median(slowest):.2f}  {median(whole):.2f}", f"{max(plain):.2f}  {sum(plain):.2f}"
    result = f"{mine}   plain {theirs}   ratio {median(whole) / sum(plain):.2f}"
    print(f"{title:24} {len(parts):3} responses  {result}", flush=True)


def _plain(part: Part, period: str, connection: duckdb.DuckDBPyConnection) -> float:
    now = SystemClock().now()
    span = (
        timedelta(hours=24)
        if period == "now-24h"
        else timedelta(days=int(period.removeprefix("now-").removesuffix("d")))
    )
    conditions = {}
    for name, until in (("now", now), ("before", now - span)):
        since = until - span
        days = f"day BETWEEN '{since:%Y-%m-%d}' AND '{until:%Y-%m-%d}'"
        conditions[name] = f"(timestamp >= '{since}' AND timestamp < '{until}' AND {days})"
    started = time.perf_counter()
    for query in part.plain.split(";"):
        connection.sql(query.format(**conditions)).to_arrow_table()
    return time.perf_counter() - started


def main() -> None:
    """Run the measurement, and print the results."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--activities", type=int, default=1_000_000)
    options.add_argument("--archive", type=Path)
    arguments = options.parse_args()
    if arguments.archive:
        measure(arguments.archive)
        return
    with made(arguments.activities) as archive:
        measure(archive)


if __name__ == "__main__":
    main()
