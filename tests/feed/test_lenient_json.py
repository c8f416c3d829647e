"""One odd activity never hides the others of its page, through the real client."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import FeedBusyError, FeedContractError
from anthropic_audit.feed.budget import Budget
from anthropic_audit.feed.client import FeedClient
from anthropic_audit.feed.decode import MAX_CURSOR_CHARS, decode_activity, decode_body
from anthropic_audit.feed.lenient_json import UnbalancedError, split_page
from anthropic_audit.model import Page, Query, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.redact import Secret
from anthropic_audit.settings import FeedSettings
from anthropic_audit.testing import FakeClock
from anthropic_audit.times import EPOCH

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
GOOD = b'{"id":"good%d","type":"t","created_at":"2026-11-23T11:00:00Z"}'
HEAD = b'"id":"odd","type":"t","created_at":"2026-11-23T11:00:00Z"'
TAIL = b'"has_more":false,"first_id":"a","last_id":"b"'

NO_JSON = {
    "lone surrogate": b'{%s,"name":"\\ud83d"}' % HEAD,
    "lone surrogate in a name": b'{%s,"\\udc00":1}' % HEAD,
    "surrogates the wrong way round": b'{%s,"name":"\\ude00\\ud83d"}' % HEAD,
    "surrogate before other text": b'{%s,"name":"\\ud83dx"}' % HEAD,
    "NaN": b'{%s,"n":NaN}' % HEAD,
    "Infinity": b'{%s,"n":-Infinity}' % HEAD,
    "leading zero": b'{%s,"n":01}' % HEAD,
    "plus": b'{%s,"n":+1}' % HEAD,
    "raw tab": b'{%s,"n":"a\tb"}' % HEAD,
    "raw line feed": b'{%s,"n":"a\nb"}' % HEAD,
    "raw NUL": b'{%s,"n":"a\x00b"}' % HEAD,
    "unknown escape": b'{%s,"n":"a\\x41"}' % HEAD,
    "no UTF-8": b'{%s,"n":"\xff\xfe"}' % HEAD,
    "nested 1,100 deep": b'{%s,"n":%s%s}' % (HEAD, b"[" * 1100, b"]" * 1100),
    "nested 100,000 deep": b'{%s,"n":%s1%s}' % (HEAD, b'{"a":' * 100_000, b"}" * 100_000),
    "comma too many": b"{%s,}" % HEAD,
    "single quotes": b"{%s,'n':'x'}" % HEAD,
    "quote too many": b'{%s,"n":"a"b"}' % HEAD,
    "quote missing": b'{%s,"n":"abc}' % HEAD,
    "bracket missing": b'{%s,"n":[1,2}' % HEAD,
    "brace missing": b'{%s,"n":{"a":1}' % HEAD,
    "cut off": b'{%s,"n":"ab' % HEAD,
    "brackets in a text": b'{%s,"n":"]}],\\"data\\":[{", "m":NaN}' % HEAD,
}


def page_of(*activities: bytes) -> bytes:
    return b'{"data":[%s],%s}' % (b",".join(activities), TAIL)


def read_page(body: bytes) -> Page:
    clock = FakeClock(NOW)
    client = FeedClient(
        FeedSettings(),
        Secret("sk-ant-api01-TESTTESTTEST"),
        clock,
        budget=Budget(clock, ignore_progress),
        transport=httpx2.MockTransport(lambda _: httpx2.Response(200, content=body)),
    )
    return client.read_page(Query(Window(NOW - timedelta(hours=1), NOW)))


@pytest.mark.parametrize("name", NO_JSON)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_activity_that_is_no_json_is_kept_beside_the_others(name: str, place: int) -> None:
    activities = [GOOD % 1, GOOD % 2]
    activities.insert(place, NO_JSON[name])

    page = read_page(page_of(*activities))

    assert page.problem is None
    raws = [one.raw for one in page.activities]
    assert [raw for raw in raws if b"good" in raw] == [GOOD % 1, GOOD % 2]
    assert b"".join(raw for raw in raws if b"good" not in raw).startswith(NO_JSON[name])


UNREADABLE = {"cut off", "quote missing", "brace missing"}
"""What leaves no whole object behind."""


@pytest.mark.parametrize("name", [name for name in NO_JSON if name not in UNREADABLE])
def test_what_can_be_read_of_an_activity_that_is_no_json_is_read(name: str) -> None:
    activity = decode_activity(NO_JSON[name])

    assert (activity.id, activity.type) == ("odd", "t")
    assert activity.created_at == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert activity.is_malformed or name == "no UTF-8"


def test_a_byte_order_mark_is_read_past() -> None:
    assert [one.id for one in read_page(b"\xef\xbb\xbf" + page_of(GOOD % 1)).activities] == ["good1"]


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
def test_another_encoding_is_an_error_and_no_page(codec: str) -> None:
    with pytest.raises((FeedContractError, FeedBusyError)):
        read_page(page_of(GOOD % 1).decode().encode(codec))


@pytest.mark.parametrize(
    "error",
    [
        b'"error":{"type":"invalid_request_error","message":"no"}',
        b'"type":"error"',
        b'"error":"no"',
        b'"errors":[{"message":"no"}]',
        b'"status":503',
    ],
)
def test_an_error_in_an_answer_of_200_is_never_a_page(error: bytes) -> None:
    with pytest.raises(FeedContractError, match="the answer is an error"):
        read_page(b'{"data":[],%s,%s}' % (TAIL, error))
    with pytest.raises(FeedContractError):
        read_page(b"{%s}" % error)

    page = read_page(b'{"data":[%s],%s,%s}' % (GOOD % 1, TAIL, error))

    assert [one.id for one in page.activities] == ["good1"]
    assert page.problem is not None


@pytest.mark.parametrize("kind", [b"api_error", b"overloaded_error", b"rate_limit_error"])
def test_a_passing_error_in_an_answer_of_200_is_tried_again(kind: bytes) -> None:
    with pytest.raises(FeedBusyError):
        read_page(b'{"data":[],%s,"error":{"type":"%s","message":"later"}}' % (TAIL, kind))


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":[%s],"first_id":null,"last_id":null}' % (GOOD % 1),
        b'{"data":[%s],"has_more":"false"}' % (GOOD % 1),
        b'{"data":[%s],"has_more":0}' % (GOOD % 1),
        b'{"data":[%s],"data":[],%s}' % (GOOD % 1, TAIL),
        b'{"data":[],"data":[%s],%s}' % (GOOD % 1, TAIL),
        b'{"data":[%s],%s,"has_more":true}' % (GOOD % 1, TAIL),
        b'{"data":[%s],"has_more":false,"last_id":7}' % (GOOD % 1),
    ],
)
def test_a_page_with_odd_members_is_kept_and_proves_nothing(body: bytes) -> None:
    page = read_page(body)

    assert [one.id for one in page.activities] == ["good1"]
    assert page.problem is not None


def test_cursors_and_ids_are_bounded() -> None:
    body = b'{"data":[{"id":"%s","type":"t","created_at":"2026-11-23T11:00:00Z"}],"has_more":true,"last_id":"%s"}'

    page = read_page(body % (b"i" * 100_000, b"x" * (MAX_CURSOR_CHARS + 1)))

    assert page.last_id is None
    assert page.activities[0].id.startswith("sha256-")
    assert page.activities[0].is_malformed


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"2026-11-23T10:59:59.9999999Z"', "2026-11-23T10:59:59.999999"),
        ('"2026-11-23T10:59:59.999999999999999Z"', "2026-11-23T10:59:59.999999"),
        ('"2026-11-23T11:59:59.9999999+01:00"', "2026-11-23T10:59:59.999999"),
        ('"2026-11-22T24:00:00Z"', "2026-11-23T00:00:00"),
        ('"2026-11-23T10:59:60Z"', "2026-11-23T10:59:59.999999"),
        ("1795431600", "2026-11-23T11:00:00"),
        ("1795431600000", "2026-11-23T11:00:00"),
        ('"1795431600"', "2026-11-23T11:00:00"),
        ('"2026-11-23t11:00:00z"', "2026-11-23T11:00:00"),
        ('"0001-01-01T00:00:00Z"', None),
        ('"9999-12-31T23:59:59Z"', None),
        ('"9999-12-31T23:59:59-23:59"', None),
        ("7", None),
        ("true", None),
        ("1e400", None),
        ("[1]", None),
    ],
)
def test_a_time_is_cut_and_never_rounded_and_implausible_ones_are_none(written: str, expected: str | None) -> None:
    activity = decode_activity(b'{"id":"a","type":"t","created_at":%s}' % written.encode())

    assert activity.created_at == (EPOCH if expected is None else datetime.fromisoformat(expected).replace(tzinfo=UTC))
    assert activity.is_malformed is (expected is None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=6), st.sampled_from([None, 1, "\t"]))
def test_any_page_is_split_as_a_parser_would(values: list[object], indent: int | str | None) -> None:
    body = json.dumps({"has_more": False, "data": values, "last_id": "]}"}, indent=indent).encode()

    envelope = split_page(body)

    assert [json.loads(raw) for raw in envelope.elements] == values
    assert envelope.members["has_more"] == b"false"


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    for wrapped in (body, b'{"data":[' + body + b"]," + TAIL + b"}"):
        try:
            split_page(wrapped)
            decode_body(wrapped)
        except (UnbalancedError, FeedBusyError, FeedContractError):
            pass
