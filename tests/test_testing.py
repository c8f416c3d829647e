"""The real client's library with the simulated vendor, without a socket."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from anthropic_audit.simulator import Fault, Vendor, VendorSettings, open_vendor
from anthropic_audit.simulator.world import WorldSettings
from anthropic_audit.testing import FakeClock, simulated_transport

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PATH = "/v1/compliance/activities"


@pytest.fixture(scope="module")
def vendor() -> Vendor:
    world = WorldSettings(activities_per_day=2000, people=20)
    return open_vendor(VendorSettings(world=world, history=timedelta(hours=6)), NOW)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def client(vendor: Vendor, clock: FakeClock) -> Iterator[httpx2.Client]:
    vendor.faults.clear()
    transport = simulated_transport(vendor, clock)
    headers = {"x-api-key": vendor.keys.named("compliance").secret.reveal()}
    with httpx2.Client(
        base_url="https://api.anthropic.com", transport=transport, headers=headers, timeout=30
    ) as client:
        yield client


def test_a_page_arrives(client: httpx2.Client, vendor: Vendor) -> None:
    page = client.get(PATH, params={"order": "asc", "limit": "5000", "created_at.lt": "2026-11-23T09:00:00+00:00"})

    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert [one["id"] for one in page.json()["data"]] == [seen.id for seen in vendor.truth(start, NOW, NOW)]
    assert page.headers["request-id"].startswith("req_")


def test_an_error_arrives(client: httpx2.Client) -> None:
    answer = client.get(PATH, params={"limit": "0"})

    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_the_truth_arrives(client: httpx2.Client) -> None:
    assert client.get("/_simulator/truth").text.startswith('{"id":"activity_')


def test_orders_reach_the_vendor(client: httpx2.Client) -> None:
    client.post("/_simulator/faults", json={"kind": "503"})

    assert [client.get(PATH).status_code for _ in range(2)] == [503, 200]


def test_a_slow_answer_passes_time(client: httpx2.Client, vendor: Vendor, clock: FakeClock) -> None:
    vendor.faults.queue(Fault("slow", seconds=20))

    assert client.get(PATH).status_code == 200
    assert clock.waited == [20]


def test_a_client_with_a_shorter_timeout_gets_a_timeout(
    client: httpx2.Client, vendor: Vendor, clock: FakeClock
) -> None:
    vendor.faults.queue(Fault("slow", seconds=40))

    with pytest.raises(httpx2.ReadTimeout):
        client.get(PATH)
    assert clock.waited == [30]


@pytest.mark.parametrize(("kind", "error"), [("reset", httpx2.ReadError), ("truncated", httpx2.RemoteProtocolError)])
def test_a_connection_breaks(kind: str, error: type[Exception], client: httpx2.Client, vendor: Vendor) -> None:
    vendor.faults.queue(Fault(kind))

    with pytest.raises(error):
        client.get(PATH)
    assert client.get(PATH).status_code == 200
