"""Probe of the address databases: whether they open, and their age."""

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
    """Yield a result per database that the settings name, or one for the free database."""
    free = free_database()
    if settings.geoip_files:
        for name in settings.geoip_files:
            yield _database(Path(name).expanduser(), now)
    elif free is not None:
        cure = "set your own databases in `enrichment.geoip_files`"
        yield CheckResult(
            _WHAT, State.WARNING, "the free city database is used: it is from 2023, without networks", cure
        )
    else:
        cure = "set databases in `enrichment.geoip_files`, or run `pip install 'anthropic-audit[geo]'`"
        yield CheckResult(_WHAT, State.WARNING, "no address database: events have no locations and networks", cure)


def _database(path: Path, now: datetime) -> CheckResult:
    what = f"{_WHAT}: {path.name}"
    try:
        with maxminddb.open_database(str(path)) as reader:
            about = reader.metadata()
    except (OSError, ValueError, RuntimeError, maxminddb.InvalidDatabaseError) as error:
        cure = "replace it by a complete file in MaxMind format, or change `enrichment.geoip_files`"
        return CheckResult(what, State.WRONG, f"{path} can't be used: {error}", cure)
    age = now - datetime.fromtimestamp(about.build_epoch, UTC)
    found = f"{about.database_type}, {age.days} days old"
    if age > _OLD:
        return CheckResult(what, State.WARNING, found, "get a newer one: addresses are reassigned over time")
    return CheckResult(what, State.FINE, found)
