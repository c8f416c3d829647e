"""Families of odd activities: passwords in URLs, values that do not fit, odd times, sizes and depths."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from tests.ecs import odd

from anthropic_audit.archive.columns import columns_of
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options, to_json
from anthropic_audit.ecs.sentences import SentenceWriter
from anthropic_audit.ocsf import to_ocsf

Json = Any
Normalize = Callable[..., dict[str, Json]]
TELLER = SentenceWriter(load())
ALICE = {"type": "user_actor", "user_id": "user_alice", "email_address": "alice@acme.example"}
BASE = {"id": "activity_1", "created_at": "2026-05-22T09:00:00Z", "organization_id": "org_1", "actor": ALICE}
COUNT = 20_000


def everywhere(normalizer: Normalizer, raw: bytes) -> bytes:
    """Return every output for an activity: event, document, sentence, OCSF event and columns."""
    ((text, _),) = normalizer.events([raw])
    document = orjson.loads(text)
    assert document == json.loads(to_json(normalizer.document(raw)))
    columns = {
        name: column if isinstance(column, list) else column.to_pylist() for name, column in columns_of([text]).items()
    }
    return b"".join([text, TELLER.write(document).encode(), orjson.dumps(to_ocsf(document)), repr(columns).encode()])


@pytest.mark.parametrize("url", odd.URLS_WITH_A_PASSWORD)
@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("compliance_api_accessed", "url"),
        ("inference_hooks_config_updated", "webhook_url"),
        ("org_cowork_otlp_settings_updated", "previous_otlp_endpoint"),
        ("ccr_agent_created", "default_source_urls"),
        ("brand_new_thing_created", "new_url"),
        ("brand_new_thing_created", "updates"),
        ("brand_new_thing_created", "actor"),
    ],
)
def test_no_output_shows_the_password_of_a_url(normalizer: Normalizer, kind: str, place: str, url: str) -> None:
    values: dict[str, Json] = {
        "default_source_urls": [url],
        "updates": [{"type": "url", "current_value": {"callback_url": [url]}}],
        "actor": {"type": "federated_actor", "provider": {"issuer": url}, "callback_uri": url},
    }

    made = everywhere(normalizer, orjson.dumps({**BASE, "type": kind, place: values.get(place, url)}))

    assert odd.SECRET.encode() not in made


@pytest.mark.parametrize("url", [url for url in odd.URLS_WITH_A_PASSWORD if "://" in url])
def test_no_password_of_a_url_inside_of_a_text_is_shown(normalizer: Normalizer, url: str) -> None:
    raw = orjson.dumps({**BASE, "type": "claude_chat_created", "note": f"got {url}", "claude_chat_id": f"of {url} a@b"})

    assert odd.SECRET.encode() not in everywhere(normalizer, raw)


@pytest.mark.parametrize("place", ["id", "type", "created_at", "actor", "organization_id", "organization_uuid"])
@pytest.mark.parametrize("url", [url for url in odd.URLS_WITH_A_PASSWORD if "://" in url])
def test_no_password_of_a_url_in_the_envelope_is_shown(normalizer: Normalizer, place: str, url: str) -> None:
    raw = orjson.dumps({**BASE, "type": "claude_chat_created", "claude_chat_id": "chat_1", place: url})

    assert odd.SECRET.encode() not in everywhere(normalizer, raw)


@pytest.mark.parametrize("url", odd.URLS_WITHOUT)
def test_a_url_without_a_password_stays_as_it_is(normalize: Normalize, url: str) -> None:
    document = normalize("compliance_api_accessed", url=url)

    assert document.get("url", {}).get("original", "") == url


@pytest.mark.parametrize(("received", "expected"), odd.ADDRESSES.items())
def test_an_address_is_shown_in_its_canonical_form(normalize: Normalize, received: str, expected: str | None) -> None:
    document = normalize(actor={**ALICE, "ip_address": received})

    assert document["source"].get("ip") == expected
    assert document["source"].get("address", expected) == received
    assert document.get("related", {}).get("ip") == (expected and [expected])


@pytest.mark.parametrize(
    ("fields", "kept", "aside"),
    [
        pytest.param({"added_seats": 3.5}, {}, {"added_seats": 3.5}, id="a-fraction-of-a-seat"),
        pytest.param({"added_seats": 3.0}, {"added_seats": 3}, {}, id="a-whole-number-with-a-point"),
        pytest.param({"added_seats": 2**63}, {}, {"added_seats": 2**63}, id="beyond-long"),
        pytest.param({"added_seats": [1, 2.5]}, {}, {"added_seats": [1, 2.5]}, id="a-list-with-a-fraction"),
        pytest.param({"added_seats": "3"}, {}, {"added_seats": "3"}, id="a-text"),
    ],
)
def test_what_fits_no_long_is_kept_and_flagged(normalize: Normalize, fields: Json, kept: Json, aside: Json) -> None:
    audit = normalize("org_seats_added", **fields)["anthropic"]["audit"]

    assert {name: audit[name] for name in fields if name in audit} == kept
    assert {name: audit.get("metadata", {})[name] for name in aside} == aside
    assert ("mistyped_fields" in audit["catalogue"]) is bool(aside)


@pytest.mark.parametrize(
    ("value", "kept"),
    [(42, "42"), (4.5, "4.5"), (True, None), (["a", "b"], None), ({"a": 1}, None)],
    ids=repr,
)
def test_what_stands_where_a_text_belongs_is_kept_and_flagged(normalize: Normalize, value: Json, kept: Json) -> None:
    audit = normalize(claude_chat_id=value)["anthropic"]["audit"]

    assert audit.get("claude_chat_id") == kept
    assert audit["metadata"]["claude_chat_id"] == value
    assert audit["catalogue"]["mistyped_fields"] == ["claude_chat_id"]


def test_a_person_whose_id_is_a_number_is_kept(normalize: Normalize) -> None:
    document = normalize(actor={"type": "user_actor", "user_id": 42})

    assert document["user"] == {"id": "42"}
    assert document["related"]["user"] == ["42"]
    assert document["anthropic"]["audit"]["actor"]["metadata"] == {"user_id": 42}
    assert document["anthropic"]["audit"]["catalogue"]["mistyped_fields"] == ["actor.user_id"]


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        *(
            (b"1e-400", "1e-400"),
            (b"-1e-400", "-1e-400"),
            (b"1e400", "1e400"),
            (b"NaN", "NaN"),
            (b"9" * 400, "9" * 400),
        ),
        *((b"0.0", 0.0), (b"0e-999", 0.0), (b"1e-300", 1e-300), (b"9" * 300, int("9" * 300)), (b"123e2", 12300.0)),
    ],
    ids=lambda value: str(value)[:12],
)
def test_no_number_becomes_silently_another(normalizer: Normalizer, number: bytes, kept: Json) -> None:
    raw = orjson.dumps({**BASE, "type": "claude_chat_created"})[:-1] + b',"new":{"a":' + number + b"}}"

    audit = normalizer.document(raw)["anthropic"]["audit"]

    assert audit["metadata"] == {"new": {"a": kept}}
    assert ("mistyped_fields" in audit["catalogue"]) is isinstance(kept, str)


@pytest.mark.parametrize("tiny", [b"1e-400", b"-0.0000001e-400"])
def test_a_number_too_small_for_a_documented_fraction_is_kept_as_text(normalizer: Normalizer, tiny: bytes) -> None:
    raw = (
        orjson.dumps({**BASE, "type": "inference_hooks_config_updated"})[:-1] + b',"rollout_percentage":' + tiny + b"}"
    )

    ((text, known),) = normalizer.events([raw])

    assert orjson.loads(text)["anthropic"]["audit"]["metadata"]["rollout_percentage"] == tiny.decode()
    assert not known


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        pytest.param({"previous_role": "user", "current_role": "user"}, None, id="equal-texts"),
        pytest.param({"previous_role": "user", "role": "user"}, None, id="an-equal-bare-field"),
        pytest.param({"previous_role": [{"a": 1, "b": 2}], "new_role": [{"b": 2, "a": 1}]}, None, id="another-order"),
        pytest.param({"previous_role": 1, "current_role": True}, ["role: 1 → true"], id="one-is-not-true"),
        pytest.param({"previous_role": [1], "current_role": [True]}, ["role: [1] → [true]"], id="nor-in-lists"),
        pytest.param(
            {"updates": [{"type": "a", "previous_value": "x", "current_value": "x"}, {"type": "b"}]},
            ["b: changed"],
            id="updates",
        ),
    ],
)
def test_equal_values_are_no_change(normalize: Normalize, fields: Json, changes: Json) -> None:
    assert normalize("org_unheard_of", **fields)["anthropic"]["audit"].get("changes") == changes


@pytest.mark.parametrize(
    ("created_at", "moment", "flag"),
    [
        ("2026-05-22T09:00:00.9999999Z", "2026-05-22T09:00:00.999Z", None),
        ("2026-05-22T09:00:00.123999999999999999Z", "2026-05-22T09:00:00.123Z", None),
        ("2026-06-30T23:59:60Z", "2026-06-30T23:59:59.999Z", "mistyped_fields"),
        ("2026-05-22T24:00:00Z", "2026-05-23T00:00:00.000Z", "mistyped_fields"),
        (1779440400, "2026-05-22T09:00:00.000Z", "mistyped_fields"),
        (1779440400123, "2026-05-22T09:00:00.123Z", "mistyped_fields"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z", "implausible_fields"),
        ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.000Z", "implausible_fields"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z", "implausible_fields"),
    ],
)
def test_an_odd_time_is_read_and_told(normalizer: Normalizer, created_at: Json, moment: str, flag: str | None) -> None:
    raw = orjson.dumps({**BASE, "type": "claude_chat_created", "created_at": created_at})

    ((text, _),) = normalizer.events([raw])
    document = orjson.loads(text)

    audit = document["anthropic"]["audit"]
    assert document["@timestamp"] == moment
    assert audit["catalogue"].get(flag) == (["created_at"] if flag else None)
    assert audit.get("metadata") == ({"created_at": created_at} if flag else None)


@pytest.mark.parametrize("created_at", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2026-05-24T00:00:00Z"])
def test_a_time_that_cannot_be_true_is_not_the_events_when_it_is_known_when_it_came(
    normalizer: Normalizer, created_at: str
) -> None:
    options = Options(received_at=datetime(2026, 5, 22, 9, tzinfo=UTC))
    raw = orjson.dumps({**BASE, "type": "claude_chat_created", "created_at": created_at})

    document = normalizer.document(raw, options)

    assert document["@timestamp"] == document["event"]["created"] == "2026-05-22T09:00:00.000Z"
    assert document["anthropic"]["audit"]["metadata"]["created_at"] == created_at
    assert document["anthropic"]["audit"]["catalogue"]["implausible_fields"] == ["created_at"]


def many(count: int) -> dict[str, bytes]:
    """Return activities with this number of members, elements or levels, by kind."""
    whole: dict[str, Json] = {
        "members": {f"f{number}": number for number in range(count)},
        "members-of-one": {"new": {f"f{number}": number for number in range(count)}},
        "elements": {"new": [{"a": number} for number in range(count)]},
        "members-of-the-actor": {"actor": {"type": "user_actor", **{f"f{number}": "x" for number in range(count)}}},
        "changes": {"type": "org_unheard_of", "updates": [{"type": f"s{n}", "current_value": n} for n in range(count)]},
        "pairs": {f"{when}_f{number}": f"{when}" for number in range(count // 2) for when in ("previous", "current")},
        "people": {"member_ids": [f"u{number}" for number in range(count)], "alert_emails": ["a@b"] * count},
        "text": {"claude_chat_id": "x" * count * 250},
        "signs-of-urls": {"new_url": "https://u:" * count + "@"},
    }
    start = orjson.dumps({**BASE, "type": "claude_chat_created"})[:-1]
    found = {name: orjson.dumps({**BASE, "type": "claude_chat_created", **fields}) for name, fields in whole.items()}
    found["a-name-again-and-again"] = start + b"," + b",".join(b'"new":%d' % number for number in range(count)) + b"}"
    found["digits"] = start + b',"new":' + b"9" * count + b"}"
    found["surrogates"] = start + b',"new":"' + b"\\ud800" * count + b'"}'
    return found


@pytest.mark.parametrize("what", many(1))
def test_ten_times_as_many_take_not_much_more_than_ten_times_as_long(normalizer: Normalizer, what: str) -> None:
    def seconds(count: int) -> float:
        raw = many(count)[what]
        started = time.process_time()
        everywhere(normalizer, raw)
        return time.process_time() - started

    few = max(0.005, min(seconds(COUNT // 10) for _ in range(2)))

    assert seconds(COUNT) < 40 * few


@pytest.mark.parametrize("depth", [17, 18, 900, 1_024, 1_100, 30_000])
@pytest.mark.parametrize(
    "brackets", [(b"[", b"]"), (b'{"a":', b"}"), (b'[{"a":', b"}]")], ids=["lists", "objects", "both"]
)
@pytest.mark.parametrize("place", ["new", "actor", "updates", "created_at", "status"])
def test_any_depth_is_kept_and_flagged(
    normalizer: Normalizer, place: str, brackets: tuple[bytes, bytes], depth: int
) -> None:
    start, end = brackets
    activity = {**BASE, "type": "org_unheard_of"}
    activity.pop(place, None)
    raw = orjson.dumps(activity)[:-1] + b',"' + place.encode() + b'":' + start * depth + b"7" + end * depth + b"}"

    made = everywhere(normalizer, raw)

    assert b"7" in made
    if depth > 18:
        assert place.encode() in orjson.dumps(
            normalizer.document(raw)["anthropic"]["audit"]["catalogue"].get("mistyped_fields", [])
        )
