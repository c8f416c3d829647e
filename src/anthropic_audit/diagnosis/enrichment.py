"""The databases of addresses: do they open, and are they young enough?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import maxminddb

from anthropic_audit.enrich import free_database
from anthropic_audit.settings import EnrichmentSettings

from .findings import CheckResult, State

_OLD = timedelta(days=90)
_WHAT = "enrichment"


def enrichment_findings(settings: EnrichmentSettings, now: datetime) -> Iterator[CheckResult]:
    """Open each database that the settings name, or the free one."""
    free = free_database()
    if settings.geoip_files:
        for name in settings.geoip_files:
            yield _database(Path(name).expanduser(), now)
    elif free is not None:
        cure = "name databases of your own in `enrichment.geoip_files`"
        yield CheckResult(
            _WHAT, State.WARNING, "the free city database is used: it is from 2023 and has no networks", cure
        )
    else:
        cure = "name databases in `enrichment.geoip_files`, or pip install 'anthropic-audit[geo]'"
        yield CheckResult(
            _WHAT, State.WARNING, "no database of addresses: events say nothing of places and networks", cure
        )


def _database(path: Path, now: datetime) -> CheckResult:
    what = f"{_WHAT}: {path.name}"
    try:
        with maxminddb.open_database(str(path)) as reader:
            about = reader.metadata()
    except (OSError, ValueError, RuntimeError, maxminddb.InvalidDatabaseError) as error:
        cure = "put a whole file of the MaxMind format there, or change `enrichment.geoip_files`"
        return CheckResult(what, State.WRONG, f"{path} can't be used: {error}", cure)
    age = now - datetime.fromtimestamp(about.build_epoch, UTC)
    found = f"{about.database_type}, {age.days} days old"
    if age > _OLD:
        return CheckResult(what, State.WARNING, found, "get a younger one: networks change hands")
    return CheckResult(what, State.FINE, found)
