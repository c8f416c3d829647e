"""Odd names, ids and values in real engines: no event is refused, and none is lost."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from tests.ecs import odd
from tests.engines.launch import Engine
from tests.sinks import places
from tests.sinks.receiver import Receiver

from anthropic_audit.catalogue import load
from anthropic_audit.clock import SystemClock
from anthropic_audit.ecs import Normalizer, to_json
from anthropic_audit.ecs.names import original
from anthropic_audit.model import Fate, Parcel
from anthropic_audit.sinks import open_sink
from anthropic_audit.sinks.document_ids import MAX_ID_BYTES, by_target_id, target_id

Json = Any
NORMALIZER = Normalizer(load())
LOGIN = {
    "created_at": "2026-05-22T09:00:00Z",
    "organization_id": "org_1",
    "type": "sso_login_succeeded",
    "actor": {"type": "user_actor", "email_address": "alice@acme.example", "user_id": "user_1", "ip_address": "::1"},
}
DEEP = json.loads("[" * 40 + "]" * 40)
VALUES = (
    *(2**63 - 1, 2**63, -(2**70), 10**299, -(10**400), 0.1, 1e300, 5e-324, True, "x" * 40_000, "ü" * 40_000, "\x00"),
    *(["a", 1, {"a": 1}, ["b"], True], [[1], [2]], {"a": {"a.b": 1}, "a.b": 2}, {"a": 1, "a.b": 2}, "NaN", "\ud800"),
    *([{"a": [{"b": [[1]]}]}], list(range(500)), {f"f{number}": number for number in range(500)}, DEEP),
)


def activities() -> list[dict[str, Json]]:
    """Return activities with each odd name in each place, odd ids, times and values."""
    named = [
        change
        for name in odd.NAMES
        for change in (
            {name: 1},
            {"metadata": {name: {name: "x"}}},
            {"actor": {**LOGIN["actor"], name: 1}},  # type: ignore[dict-item]
            {"type": "org_unheard_of", "updates": [{"type": "x", name: {name: 1}}]},
            {"setting_metadata": {name: 1}, "resource_details": {name: 1}},
        )
    ]
    valued = [
        change
        for value in VALUES
        for change in (
            {"new": value},
            {"metadata": value, "updates": value, "added_seats": value, "url": value, "status_code": value},
            {"type": "org_seats_added", "added_seats": value},
            {"actor": {"type": "user_actor", "user_id": value, "ip_address": value, "user_agent": value}},
            {"created_at": value, "organization_id": value, "expires_at": value, "rollout_percentage": value},
        )
    ]
    timed = [
        {"created_at": time} for time in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "2026-06-30T23:59:60Z")
    ]
    made = [{"id": f"odd_{number}", **LOGIN, **change} for number, change in enumerate([*named, *valued, *timed])]
    return [*made, *({"id": identity, **LOGIN} for identity in odd.IDS)]


def parcels(namespace: str = "default") -> list[Parcel]:
    """Return the events of these activities as the archive delivers them."""
    made = []
    for seq, activity in enumerate(activities(), start=1):
        raw = json.dumps(activity).encode()
        document = json.loads(to_json(NORMALIZER.document(raw)))
        document["data_stream"]["namespace"] = namespace
        document.setdefault("@timestamp", "2026-05-22T09:00:00.000Z")
        text = to_json(document).decode()
        when = datetime.fromisoformat(document["@timestamp"])
        made.append(Parcel(seq, str(activity["id"]), when, text))
    return made


@pytest.mark.timeout(300)  # a node under load may take long for 40 MB of odd events
@pytest.mark.parametrize("make", [places.opensearch, places.elasticsearch], ids=["opensearch", "elasticsearch"])
def test_no_odd_event_is_refused_by_a_cluster(
    request: pytest.FixtureRequest, make: Callable[[Engine], places.Place]
) -> None:
    place = make(request.getfixturevalue(make.__name__))
    sink = open_sink(place.settings, None, SystemClock())
    sent = parcels(getattr(place.settings, "namespace", ""))

    refused = []
    for first in range(0, len(sent), 100):
        some = sent[first : first + 100]
        verdicts = sink.deliver(some)
        refused += [
            (one.id[:80], said.reason) for one, said in zip(some, verdicts, strict=True) if said.fate != Fate.CREATED
        ]
    there = sink.present(sent)
    sink.close()

    assert refused == []
    assert there == {parcel.id for parcel in sent}
    assert {document["event"]["id"] for _, document in place.read()} == there


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.stop()


@pytest.mark.parametrize("kind", ["otlp", "splunk_hec", "http"])
def test_what_is_sent_to_a_receiver_has_the_form_that_it_asks_for(kind: str, receiver: Receiver) -> None:
    place = places.web(kind, receiver)
    sink = open_sink(place.settings, place.secret, SystemClock())

    sink.deliver(parcels())
    sink.close()

    found = place.read()
    assert len(found) == len(activities())
    assert all(name and name.strip() for _, document in found for name in names_in(document))


def names_in(value: Json) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(name for member in value.values() for name in names_in(member))]
    return [name for element in value for name in names_in(element)] if isinstance(value, list) else []


@pytest.mark.parametrize("name", odd.NAMES, ids=lambda name: repr(name[:20]))
def test_a_name_is_read_back(name: str) -> None:
    raw = json.dumps({"id": "activity_1", **LOGIN, name: {name: 1}}).encode()
    metadata = NORMALIZER.document(raw)["anthropic"]["audit"]["metadata"]

    fit, value = next(iter(metadata.items()))

    if original(fit) is None:
        assert metadata == {fit: {fit: 1, f"{fit}~name": name}, f"{fit}~name": name}
    else:
        assert (original(fit), value, len(metadata)) == (name, {fit: 1}, 1)


def test_names_never_become_the_same() -> None:
    raw = json.dumps({"id": "activity_1", **LOGIN, **dict.fromkeys(odd.NAMES, 1)}).encode()

    metadata = NORMALIZER.document(raw)["anthropic"]["audit"]["metadata"]

    assert len([name for name in metadata if not name.endswith("~name")]) == len(set(odd.NAMES))


def test_ids_never_become_the_same_and_are_short_enough() -> None:
    ids = [*odd.IDS, *(target_id(identity) for identity in odd.IDS), ""]

    known = by_target_id(dict.fromkeys(ids))

    assert set(known.values()) == set(ids)
    assert all(0 < len(one.encode()) <= MAX_ID_BYTES for one in known)


def test_a_folder_of_files_takes_all(tmp_path: Path) -> None:
    place = places.ndjson(tmp_path)
    sink = open_sink(place.settings, None, SystemClock())
    sent = parcels()

    sink.deliver(sent)
    sink.close()

    assert [one for one, _ in place.read()] == [parcel.id for parcel in sent]
