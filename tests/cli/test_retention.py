"""Retention with sinks that are behind: days are kept, or removed and reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import orjson
import pytest

from anthropic_audit.application.retention import Retained, retain, undelivered_lines
from anthropic_audit.archive import DeliveryLedger, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.diagnosis.archive import retention_findings
from anthropic_audit.diagnosis.findings import State
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.follow import NormalizeRules, normalize_pending
from anthropic_audit.model import Activity, Delivery, DeliveryPurpose, Received
from anthropic_audit.progress import ignore_progress
from anthropic_audit.settings import Settings
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import format_time

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEEP = timedelta(days=40)
AGES = (50, 45, 10)
"""Ages of the activities in days, in the order of their numbers."""


def received(number: int, age: int) -> Received:
    when = NOW - timedelta(days=age)
    told_of = {"id": f"activity_{number}", "type": "sso_login_succeeded", "created_at": format_time(when)}
    raw = orjson.dumps(told_of)
    kept = Activity(f"activity_{number}", "sso_login_succeeded", when, None, raw, sha256(raw).digest())
    return Received(kept, "acme", when, "req_1", "walk_1")


def done(folder: Path, delivered: int, *, waits: bool = True) -> Retained:
    """Run `archive retain` on an archive whose first events were delivered to a sink."""
    told_of = {
        "archive": str(folder),
        "retention": {"keep": "40d", "wait_for_sinks": waits},
        "sinks": [{"name": "siem", "to": "ndjson", "folder": str(folder.parent / "out")}],
    }
    settings = Settings.model_validate(told_of)
    with open_writer(str(folder), FakeClock(NOW), ignore_progress) as writer:
        for number, age in enumerate(AGES, 1):
            writer.append([received(number, age)])
        normalize_pending(writer, Normalizer(load()), NormalizeRules({"acme": Options()}), ignore_progress)
        if delivered:
            with DeliveryLedger(str(folder), "siem", NOW) as ledger:
                ledger.record(delivery(delivered))
        return retain(writer, settings, NOW)


def delivery(up_to: int) -> Delivery:
    return Delivery("siem", DeliveryPurpose.FOLLOW, 1, up_to, up_to, 0, 0, 0, 10, NOW, NOW)


@pytest.mark.parametrize(
    ("delivered", "removed", "waiting"),
    [
        pytest.param(3, 2, [], id="all is delivered"),
        pytest.param(1, 1, ["sink siem: 1 events of 2026-10-09"], id="it is behind"),
        pytest.param(0, 0, ["sink siem: 2 events of 2026-10-04 to 2026-10-09"], id="it never got anything"),
    ],
)
def test_days_wait_for_a_sink(tmp_path: Path, delivered: int, removed: int, waiting: list[str]) -> None:
    found = done(tmp_path / "archive", delivered)

    assert (len(found.removed), undelivered_lines(found.waiting), found.never_delivered) == (removed, waiting, [])


def test_a_setting_lets_go_and_says_what_was_never_delivered(tmp_path: Path) -> None:
    found = done(tmp_path / "archive", 1, waits=False)

    assert (len(found.removed), found.waiting) == (2, [])
    assert undelivered_lines(found.never_delivered) == ["sink siem: 1 events of 2026-10-09"]


def test_check_warns_long_before(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    done(folder, 1)

    (late,) = retention_findings(str(folder), ["siem"], timedelta(days=60), NOW)
    (good,) = retention_findings(str(folder), ["siem"], timedelta(days=100), NOW)

    assert (late.state, good.state) == (State.WARNING, State.FINE)
    assert late.found == "1 events since 2026-10-09 are not delivered, retention is due in 15 days"
