"""Convert rows of the archive's tables to values; reading needs no more of them than this."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from anthropic_audit.model import Coverage, Delivery, DeliveryPurpose, Purpose, Rejection, Window
from anthropic_audit.plan import GapEntry, GapState


@dataclass(frozen=True, slots=True)
class GapRow:
    """An entry of the ledger, with its feed and filters."""

    feed: str
    filters: str
    """The key of the filters that the coverage belongs to."""
    entry: GapEntry


def coverage_of(row: Mapping[str, Any]) -> Coverage:
    """Convert a row of `coverage` to a claim."""
    return Coverage(
        feed=row["feed"],
        filters=row["filters"],
        window=Window(row["from_time"].astimezone(UTC), row["to_time"].astimezone(UTC)),
        purpose=Purpose(row["purpose"]),
        walk_id=row["walk_id"],
        walked_at=row["walked_at"].astimezone(UTC),
        pages=row["pages"],
        activities=row["activities"],
        new=row["new"],
        first_id=row["first_id"],
        last_id=row["last_id"],
        request_id=row["request_id"],
        requests_limit=row["requests_limit"],
        requests_remaining=row["requests_remaining"],
    )


def gaps_of(rows: Iterable[Mapping[str, Any]]) -> list[GapRow]:
    """Convert rows of `gaps` to entries, in the order in which they were recorded."""
    return [_gap_of(row) for row in sorted(rows, key=lambda row: (row["number"], row["recorded_at"]))]


def _gap_of(row: Mapping[str, Any]) -> GapRow:
    window = Window(row["from_time"].astimezone(UTC), row["to_time"].astimezone(UTC))
    recorded_at = row["recorded_at"].astimezone(UTC)
    entry = GapEntry(window, GapState(row["state"]), recorded_at, row["cause"], row["recorded_by"])
    return GapRow(row["feed"], row["filters"], entry)


def delivery_of(row: Mapping[str, Any]) -> Delivery:
    """Convert a row of `deliveries` to a delivery."""
    times = {name: row[name].astimezone(UTC) for name in ("started_at", "finished_at")}
    return Delivery(**{**row, **times, "errand": DeliveryPurpose(row["errand"])})


def rejection_of(row: Mapping[str, Any]) -> Rejection:
    """Convert a row of `rejected` to a rejection."""
    return Rejection(**{**row, **{name: row[name].astimezone(UTC) for name in ("timestamp", "recorded_at")}})
