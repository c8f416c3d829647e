"""The record of our own requests."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.collecting import NOW, House, settings

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.progress import Progress, RequestSent
from anthropic_audit.service import RequestLog
from anthropic_audit.testing import FakeClock


def asked(number: int) -> RequestSent:
    return RequestSent("acme", f"req_{number}", NOW, 200, 0.1)


def recorded(folder: Path) -> list[str]:
    with open_reader(str(folder)).connect() as connection:
        return [row[0] for row in connection.execute("SELECT request_id FROM requests ORDER BY 1").fetchall()]


def test_requests_are_recorded_together_now_and_then(tmp_path: Path) -> None:
    clock, told = FakeClock(NOW), list[Progress]()
    log = RequestLog(told.append, clock)
    with open_writer(str(tmp_path), clock) as archive:
        log.watch(asked(1))
        log.record(archive)
        log.watch(asked(2))
        log.record(archive)
        assert recorded(tmp_path) == ["req_1"]

        clock.advance(timedelta(minutes=2))
        log.record(archive)
        log.record(archive, now=True)

    assert recorded(tmp_path) == ["req_1", "req_2"]
    assert told == [asked(1), asked(2)]


def test_every_request_of_a_run_is_one_the_vendor_knows_of(tmp_path: Path) -> None:
    house = House(tmp_path, settings(faults={"500": 0.2}))

    house.collect(house.feed(give_up_after="30m"))
    house.clock.advance(timedelta(minutes=5))
    house.collect(house.feed(give_up_after="30m"))

    seen = house.vendor.truth(NOW - timedelta(hours=1), NOW + timedelta(days=1), house.clock.now() + timedelta(hours=1))
    known = {one.raw for one in seen if b"compliance_api_accessed" in one.raw}
    ours = recorded(tmp_path)
    assert len(ours) > 2
    assert [request for request in ours if not any(request.encode() in raw for raw in known)] == []
