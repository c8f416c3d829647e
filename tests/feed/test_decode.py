from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import FeedBusyError, FeedContractError
from anthropic_audit.feed.decode import decode_activity, decode_body
from anthropic_audit.times import EPOCH


def test_each_activity_keeps_its_bytes_as_received() -> None:
    body = (
        b'{"data": [ {"id":"a1","type":"t","created_at":"2026-11-23T09:00:00Z", "x": 1.0} ,'
        b'{"id":"a2",\n"type":"t","created_at":"2026-11-23T09:00:01.5+01:00"}],'
        b'"has_more":true,"first_id":"f","last_id":"l"}'
    )

    read = decode_body(body)

    assert [activity.raw for activity in read.activities] == [
        b'{"id":"a1","type":"t","created_at":"2026-11-23T09:00:00Z", "x": 1.0}',
        b'{"id":"a2",\n"type":"t","created_at":"2026-11-23T09:00:01.5+01:00"}',
    ]
    assert read.activities[1].created_at == datetime(2026, 11, 23, 8, 0, 1, 500_000, tzinfo=UTC)
    assert read.activities[0].sha256 == sha256(read.activities[0].raw).digest()
    assert (read.has_more, read.first_id, read.last_id) == (True, "f", "l")


def test_an_empty_page_may_have_no_ids() -> None:
    read = decode_body(b'{"data":[],"has_more":false,"first_id":null,"last_id":null,"new":1}')

    assert (read.activities, read.first_id, read.last_id) == ((), None, None)


@pytest.mark.parametrize(
    "body", [b"", b'{"data":[{"id":', b"<html>busy</html>", b"\xff\xff", b'{"data":[],"has_more":false} x']
)
def test_a_body_that_is_cut_off_or_no_json_may_come_better(body: bytes) -> None:
    with pytest.raises(FeedBusyError):
        decode_body(body)


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b'{"data":{},"has_more":false}', b'{"data":[],"has_more":"no"}', b"null"]
)
def test_a_body_of_another_shape_breaks_the_contract(body: bytes) -> None:
    with pytest.raises(FeedContractError):
        decode_body(body)


def test_a_time_without_an_offset_is_taken_as_utc() -> None:
    activity = decode_activity(b'{"id":"a","type":"t","created_at":"2026-11-23T09:00:00"}')

    assert activity.created_at == datetime(2026, 11, 23, 9, tzinfo=UTC)


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param(b'"id":"a","type":"t","created_at":null', ("a", "t", EPOCH), id="no time"),
        pytest.param(b'"id":"a","type":"t","created_at":"soon"', ("a", "t", EPOCH), id="odd time"),
        pytest.param(
            b'"id":"a","type":"t","created_at":"0001-01-01T00:00:00+23:00"', ("a", "t", EPOCH), id="early time"
        ),
        pytest.param(b'"id":"a","created_at":"2026-01-01T00:00:00Z"', ("a", "unknown", NEW_YEAR), id="no type"),
        pytest.param(
            b'"id":"a","type":"t","created_at":"2026-01-01T00:00:00","organization_id":7',
            ("a", "t", NEW_YEAR),
            id="odd organization",
        ),
        pytest.param(
            b'"id":"a","type":"\xff","created_at":"2026-01-01T00:00:00Z"', ("a", "\ufffd", NEW_YEAR), id="broken text"
        ),
    ],
)
def test_what_can_be_read_of_a_malformed_activity_is_read(members: bytes, expected: tuple[str, str, datetime]) -> None:
    raw = b"{" + members + b"}"

    activity = decode_activity(raw)

    assert (activity.id, activity.type, activity.created_at) == expected
    assert (activity.raw, activity.is_malformed) == (raw, True)


@pytest.mark.parametrize(
    "raw", [b"{}", b"7", b"null", b'"text"', b"[1]", b'{"id":""}', b'{"id":null}', b"[" * 5000 + b"]" * 5000]
)
def test_an_activity_without_an_id_gets_one_from_its_bytes(raw: bytes) -> None:
    activity = decode_activity(raw)

    assert activity.id == f"sha256-{sha256(raw).hexdigest()}"
    assert activity.is_malformed


def test_a_lone_surrogate_in_an_id_does_not_break_storing() -> None:
    assert decode_activity(rb'{"id":"a\ud800","type":"t"}').id == r"a\ud800"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.sampled_from(["id", "type", "created_at", "organization_id", "actor"]), json_values))
def test_no_activity_is_ever_refused(activity: dict[str, object]) -> None:
    raw = orjson.dumps(activity)

    read = decode_body(b'{"data":[' + raw + b'],"has_more":false}').activities

    assert [one.raw for one in read] == [raw]
    assert all(one.id and one.type for one in read)
