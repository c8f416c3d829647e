"""Control endpoints of the simulator, which the real API lacks: ground truth, faults on demand, changes of keys.

They answer requests from this machine only, cost no request budget, and record no activity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from ipaddress import ip_address
from itertools import islice
from typing import Annotated, Literal, TypeVar

import msgspec
import orjson

from anthropic_audit.errors import SetupError
from anthropic_audit.times import format_time, parse_time

from .faults import FAULT_RESPONSES, RETRY_AFTER_SECONDS, WAIT_SECONDS, Fault
from .http import RefusalError, Request, Response, bad_request, json_headers, not_found
from .keys import ALL_SCOPES, AccessKey, KeyKind, new_key
from .timeline import MINUTE_US, VisibleActivity, microseconds
from .vendor import Vendor

PATH = "/_simulator/"
GROWTH = "growth"
"""A kind that is requested like a fault, and changes the world instead of a response."""

_LINES_IN_A_PART = 5000
_DIGEST = "sha256"
_Members = Mapping[str, object]
_Order = TypeVar("_Order")
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=3600)]


class _FaultOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    kind: str
    times: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 1
    seconds: _Seconds = WAIT_SECONDS
    retry_after: _Seconds = RETRY_AFTER_SECONDS
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1


class _KeyOrder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    revoke: str | None = None
    restore: str | None = None
    create: str | None = None
    kind: Literal["compliance", "admin", "claude"] = "compliance"
    scopes: tuple[str, ...] = ALL_SCOPES


def control(vendor: Vendor, request: Request, now: datetime) -> Response:
    """Return the response to a request for a control endpoint."""
    try:
        if not _is_local(request.client):
            raise not_found()
        answer = _ROUTES.get((request.method, request.path.removeprefix(PATH)))
        if answer is None:
            raise not_found()
        return answer(vendor, request, now)
    except RefusalError as refusal:
        return refusal.response()


def _is_local(client: str) -> bool:
    try:
        return ip_address(client.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def _state(vendor: Vendor, request: Request, now: datetime) -> Response:
    keys = [_shown(key) for key in vendor.keys.each()]
    until = vendor.settings.until
    return _json(
        {
            "seed": vendor.seed,
            "now": format_time(now),
            "history_from": format_time(vendor.history_start),
            "until": None if until is None else format_time(until),
            "activities_visible": vendor.activities(now),
            "requests_served": vendor.served,
            "keys": keys,
        }
    )


def _shown(key: AccessKey) -> _Members:
    """Return the public properties of a key: all but its secret."""
    return {
        "name": key.name,
        "id": key.id,
        "prefix": key.kind.value,
        "scopes": key.scopes,
        "is_revoked": key.is_revoked,
    }


def _truth(vendor: Vendor, request: Request, now: datetime) -> Response:
    parameters = dict(request.query)
    if not parameters.keys() <= {"from", "to", "digest"} or parameters.get("digest", _DIGEST) != _DIGEST:
        message = "truth accepts the parameters from, to and digest=sha256 only"
        raise bad_request(message)
    start = _time(parameters.get("from"), now, datetime(1970, 1, 1, tzinfo=UTC))
    end = _time(parameters.get("to"), now, datetime(9999, 1, 1, tzinfo=UTC))
    lines = _lines(vendor.truth(start, end, now), with_digest="digest" in parameters)
    return Response(200, {"content-type": "application/x-ndjson"}, b"", parts=_parts(lines))


def _time(text: str | None, now: datetime, default: datetime) -> datetime:
    if text is None:
        return default
    try:
        return parse_time(text, now)
    except SetupError as error:
        raise bad_request(str(error)) from error


def _lines(activities: Iterator[VisibleActivity], *, with_digest: bool) -> Iterator[bytes]:
    for one in activities:
        line = {"id": one.id, "created_at": format_time(one.created_at), "visible_at": format_time(one.visible_at)}
        if with_digest:
            line[_DIGEST] = sha256(one.raw).hexdigest()
        yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def _parts(lines: Iterator[bytes]) -> Iterator[bytes]:
    while part := b"".join(islice(lines, _LINES_IN_A_PART)):
        yield part


def _faults(vendor: Vendor, request: Request, now: datetime) -> Response:
    return _json(vendor.faults.state())


def _queue_fault(vendor: Vendor, request: Request, now: datetime) -> Response:
    order = _read(request.body, _FaultOrder)
    if order.kind == GROWTH:
        vendor.source.grow(microseconds(now) // MINUTE_US, order.share)
    elif order.kind in FAULT_RESPONSES:
        vendor.faults.queue(Fault(order.kind, order.times, order.seconds, order.retry_after))
    else:
        message = f"kind must be one of: {', '.join((*FAULT_RESPONSES, GROWTH))}"
        raise bad_request(message)
    return _json(vendor.faults.state())


def _clear_faults(vendor: Vendor, request: Request, now: datetime) -> Response:
    vendor.faults.clear()
    vendor.source.grow(0, 0.0)
    return _json(vendor.faults.state())


def _storylines(vendor: Vendor, request: Request, now: datetime) -> Response:
    end = vendor.extent.end_minute(microseconds(now))
    return _json(list(vendor.world.storylines(vendor.extent.first_minute, end)))


def _change_keys(vendor: Vendor, request: Request, now: datetime) -> Response:
    order = _read(request.body, _KeyOrder)
    try:
        if order.revoke is not None:
            vendor.keys.revoke(order.revoke)
        if order.restore is not None:
            vendor.keys.add(replace(vendor.keys.named(order.restore), is_revoked=False))
    except KeyError as error:
        message = f"no key has the name {error.args[0]}"
        raise bad_request(message) from error
    if order.create is None:
        return _json([_shown(key) for key in vendor.keys.each()])
    key = new_key(order.create, vendor.seed, kind=KeyKind[order.kind.upper()], scopes=order.scopes)
    vendor.keys.add(key)
    return _json({**_shown(key), "secret": key.secret.reveal()})


def _read(body: bytes, order: type[_Order]) -> _Order:
    try:
        return msgspec.json.decode(body, type=order)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"the body is invalid: {error}"
        raise bad_request(message) from error


def _json(value: object) -> Response:
    return Response(HTTPStatus.OK, json_headers(), orjson.dumps(value))


_Route = Callable[[Vendor, Request, datetime], Response]
_ROUTES: Mapping[tuple[str, str], _Route] = {
    ("GET", "state"): _state,
    ("GET", "truth"): _truth,
    ("GET", "storylines"): _storylines,
    ("GET", "faults"): _faults,
    ("POST", "faults"): _queue_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "keys"): _change_keys,
}
