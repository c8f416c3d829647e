from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from anthropic_audit.clock import SystemClock
from anthropic_audit.simulator import Fault, Server, serve
from anthropic_audit.testing import FakeClock

Call = Callable[..., Any]
PATH = "/v1/compliance/activities"


@pytest.fixture
def caller(call: Call) -> Any:
    return call(per_minute=20)


@pytest.fixture
def server(caller: Any) -> Iterator[Server]:
    with serve(caller.vendor, FakeClock(caller.now)) as server:
        yield server


@pytest.fixture
def client(server: Server, caller: Any) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=server.url, headers={"x-api-key": caller.key}) as client:
        yield client


def test_a_client_walks_all_pages_over_one_connection(client: httpx2.Client, caller: Any) -> None:
    seen: list[str] = []
    query = {"limit": "100", "order": "asc"}
    while True:
        answer = client.get(PATH, params=query)
        seen += [activity["id"] for activity in answer.json()["data"]]
        if not answer.json()["has_more"]:
            break
        query["after_id"] = answer.json()["last_id"]

    assert seen == [one.id for one in caller.truth()]
    assert answer.headers["connection"] == "keep-alive"


def test_headers_arrive_as_they_were_meant(client: httpx2.Client) -> None:
    answer = client.get(PATH)

    assert answer.headers["request-id"].startswith("req_")
    assert answer.headers["date"] == "Mon, 23 Nov 2026 09:00:30 GMT"
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["anthropic-ratelimit-requests-limit"] == "600"
    assert int(answer.headers["content-length"]) == len(answer.content)


def test_parameters_arrive_as_they_were_meant(client: httpx2.Client) -> None:
    answer = client.get(
        PATH, params=[("activity_types[]", "api_key_created"), ("created_at.gte", "2026-11-23T09:30:00+01:00")]
    )

    assert answer.status_code == 200
    assert {activity["type"] for activity in answer.json()["data"]} == {"api_key_created"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_other_methods_are_answered_and_the_connection_stays(method: str, client: httpx2.Client) -> None:
    refused = client.request(method, PATH, content=b"some body")

    assert refused.status_code == 405
    assert client.get(PATH).status_code == 200


def test_an_answer_to_head_has_no_body(client: httpx2.Client) -> None:
    answer = client.head(PATH)

    assert (answer.status_code, answer.content) == (405, b"")
    assert client.get(PATH).status_code == 200


def test_the_truth_is_streamed(client: httpx2.Client, caller: Any) -> None:
    with client.stream("GET", "/_simulator/truth") as answer:
        lines = [json.loads(line)["id"] for line in answer.iter_lines()]

    assert answer.headers["transfer-encoding"] == "chunked"
    assert lines == [seen.id for seen in caller.truth()]


def test_faults_are_ordered_over_the_wire(client: httpx2.Client) -> None:
    client.post("/_simulator/faults", json={"kind": "529"})

    assert [client.get(PATH).status_code for _ in range(2)] == [529, 200]


def test_a_reset_is_a_reset(client: httpx2.Client, caller: Any) -> None:
    caller.vendor.faults.queue(Fault("reset"))

    with pytest.raises(httpx2.ReadError):
        client.get(PATH)
    assert client.get(PATH).status_code == 200


def test_a_truncated_answer_breaks_off(client: httpx2.Client, caller: Any) -> None:
    caller.vendor.faults.queue(Fault("truncated"))

    with pytest.raises(httpx2.RemoteProtocolError):
        client.get(PATH)
    assert client.get(PATH).status_code == 200


def test_a_slow_response_does_not_delay_others(server: Server, client: httpx2.Client, caller: Any) -> None:
    caller.vendor.faults.queue(Fault("slow", seconds=1.5))
    slow: list[float] = []

    def ask_slowly() -> None:
        started = time.monotonic()
        with httpx2.Client(base_url=server.url, headers={"x-api-key": caller.key}) as other:
            assert other.get(PATH).status_code == 200
        slow.append(time.monotonic() - started)

    thread = threading.Thread(target=ask_slowly)
    thread.start()
    while caller.control("faults")["queue"]:
        threading.Event().wait(0.01)
    started = time.monotonic()
    quick = client.get(PATH)
    took = time.monotonic() - started
    thread.join()

    assert quick.status_code == 200
    assert took < 1
    assert slow[0] >= 1.5


def test_an_impatient_client_does_no_harm(server: Server, client: httpx2.Client, caller: Any) -> None:
    caller.vendor.faults.queue(Fault("slow", seconds=0.5))

    with pytest.raises(httpx2.ReadTimeout):
        client.get(PATH, timeout=0.1)
    assert client.get(PATH, params={"limit": "5000"}).status_code == 200


def test_stopping_breaks_off_what_is_slow_and_what_is_idle(call: Call) -> None:
    caller = call()
    with serve(caller.vendor, SystemClock()) as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        caller.vendor.faults.queue(Fault("slow", seconds=600))
        waiting = socket.create_connection(("127.0.0.1", server.port))
        waiting.sendall(f"GET {PATH} HTTP/1.1\r\nhost: x\r\nx-api-key: {caller.key}\r\n\r\n".encode())
        while caller.control("faults")["queue"]:
            threading.Event().wait(0.01)
        started = time.monotonic()
    took = time.monotonic() - started

    with idle, waiting:
        assert (idle.recv(1), waiting.recv(1)) == (b"", b"")
    assert took < 5


def test_no_request_is_answered_after_the_end(call: Call) -> None:
    caller = call()
    with serve(caller.vendor, SystemClock()) as server:
        url = server.url

    with pytest.raises(httpx2.ConnectError):
        httpx2.get(url)


def test_a_port_in_use_is_an_error(server: Server, caller: Any) -> None:
    with pytest.raises(OSError, match="in use"):
        serve(caller.vendor, SystemClock(), port=server.port)


def test_a_request_of_another_age_is_answered_and_ended(server: Server, caller: Any) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET {PATH} HTTP/1.0\r\nx-api-key: {caller.key}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in answer


@pytest.mark.parametrize("length", ["-1", "many", "99999999999"])
def test_a_body_of_impossible_length_is_refused(length: str, server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"POST /_simulator/faults HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n".encode())
        answer = b"".join(iter(lambda: connection.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 413 ")


def test_the_world_goes_on_without_requests(call: Call) -> None:
    caller = call(per_minute=20, until=None)
    clock = FakeClock(caller.now)
    with serve(caller.vendor, clock):
        clock.advance(timedelta(minutes=5))
        deadline = time.monotonic() + 5
        while caller.vendor.timeline.count(2**62) < 60 * 20 + 5 * 20 and time.monotonic() < deadline:
            threading.Event().wait(0.05)

    assert caller.vendor.timeline.count(2**62) >= 60 * 20 + 5 * 20


def test_the_server_listens_on_the_other_protocol_too(caller: Any) -> None:
    try:
        server = serve(caller.vendor, SystemClock(), host="::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server, httpx2.Client(base_url=server.url, headers={"x-api-key": caller.key}) as client:
        assert client.get(PATH).status_code == 200
        assert client.get("/_simulator/state").status_code == 200
