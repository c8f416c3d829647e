"""Agreement with the vendor's own mapping (OCSF 1.6.0, of its security posture), and intended differences."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.ocsf import to_ocsf

Json = Any
Mistakes = Callable[[Json], list[str]]

NORMALIZER = Normalizer(load())
UUID = "91011112-1314-4151-6171-8191a1b1c1d1"
ATTESTED = {
    "id": "activity_01EXAMPLE",
    "type": "org_security_control_attestation_updated",
    "created_at": "2026-11-20T09:00:00.123456Z",
    "organization_id": "org_01EXAMPLE",
    "organization_uuid": UUID,
    "actor": {
        "type": "user_actor",
        "user_id": "user_01EXAMPLE",
        "email_address": "alice@acme.example",
        "ip_address": "203.0.113.5",
        "user_agent": "Firefox",
    },
    "control": "oauth_conditional_access",
    "action": "lapsed",
    "previous_status": "completed",
}


def told(activity: Json, *, with_raw: bool = True, options: Options = Options()) -> dict[str, Json]:  # noqa: B008 - is frozen
    raw = json.dumps(activity).encode()
    return to_ocsf(NORMALIZER.document(raw, options), raw=raw if with_raw else None)


def test_the_common_attributes_are_those_of_the_vendor(mistakes: Mistakes) -> None:
    event = told(ATTESTED)

    metadata = event["metadata"]
    assert mistakes(event) == []
    assert metadata["uid"] == metadata["original_event_uid"] == ATTESTED["id"]
    assert metadata["event_code"] == ATTESTED["type"]
    assert metadata["original_time"] == ATTESTED["created_at"]
    assert metadata["tenant_uid"] == UUID
    assert (metadata["product"]["vendor_name"], metadata["product"]["name"]) == ("Anthropic", "Compliance API")
    assert event["type_uid"] == 100 * event["class_uid"] + event["activity_id"]
    assert event["time"] == 1_795_165_200_123
    assert event["actor"]["user"]["uid"] == "user_01EXAMPLE"


def test_what_differs_from_the_vendor_s_mapping_differs_as_documented() -> None:
    event = told(ATTESTED)

    assert event["metadata"]["version"] == "1.8.0"
    assert (event["class_name"], event["severity"]) == ("Entity Management", "Low")
    assert event["cloud"]["org"]["uid"] == "org_01EXAMPLE"
    audit = event["unmapped"]["anthropic"]["audit"]
    assert (audit["actor"]["type"], audit["action"], audit["control"]) == (
        "user_actor",
        "lapsed",
        "oauth_conditional_access",
    )


@pytest.mark.parametrize("uuid", [None, "", 7, ["x"]])
def test_without_a_uuid_no_tenant_is_named_and_the_id_stays(mistakes: Mistakes, uuid: Json) -> None:
    event = told({**ATTESTED, "organization_uuid": uuid})

    assert "tenant_uid" not in event["metadata"]
    assert event["cloud"]["org"] == {"uid": "org_01EXAMPLE"}
    assert mistakes(event) == []


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-20T09:00:00Z",
        "2026-11-20T09:00:00.123456789Z",
        "2026-11-20T10:00:00.5+01:00",
        "2026-11-20 09:00:00",
        "2026-12-31T23:59:60Z",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59.999999Z",
        "the day before yesterday",
    ],
)
def test_the_original_time_is_the_text_that_was_received(mistakes: Mistakes, time: str) -> None:
    event = told({**ATTESTED, "created_at": time})

    assert event["metadata"]["original_time"] == time
    assert mistakes(event) == []


def test_a_number_as_time_is_told_as_its_text(mistakes: Mistakes) -> None:
    event = told({**ATTESTED, "created_at": 1_795_165_200_123})

    assert (event["metadata"]["original_time"], event["time"]) == ("1795165200123", 1_795_165_200_123)
    assert mistakes(event) == []


def test_the_original_time_is_read_of_the_preserved_text_when_the_bytes_are_not_at_hand() -> None:
    options = Options(preserve_original_event=True)

    assert told(ATTESTED, with_raw=False, options=options)["metadata"]["original_time"] == ATTESTED["created_at"]


def test_the_original_time_of_a_deeply_nested_activity_is_found() -> None:
    raw = json.dumps({**ATTESTED, "deep": "~"}).replace('"~"', "[" * 100_000 + "]" * 100_000).encode()

    assert to_ocsf(NORMALIZER.document(raw), raw=raw)["metadata"]["original_time"] == ATTESTED["created_at"]


@pytest.mark.parametrize("raw", [None, b"", b"{nonsense", b"[1]", b'{"created_at": {}}', b"\xff"])
def test_an_original_time_that_nobody_knows_is_left_out(mistakes: Mistakes, raw: bytes | None) -> None:
    event = to_ocsf(NORMALIZER.document(json.dumps(ATTESTED).encode()), raw=raw)

    assert "original_time" not in event["metadata"]
    assert mistakes(event) == []


def test_a_password_in_a_url_that_stands_for_a_time_is_masked() -> None:
    event = told({**ATTESTED, "created_at": "https://alice:hunter2@host.example/"})

    assert "hunter2" not in json.dumps(event)


@pytest.mark.parametrize(
    ("moment", "time"),
    [("2026-11-20T09:00:00.123999Z", 1_795_165_200_123), ("1969-12-31T23:59:59.999900Z", -1)],
)
def test_a_fraction_of_a_millisecond_is_cut(moment: str, time: int) -> None:
    assert to_ocsf({"@timestamp": moment})["time"] == time
