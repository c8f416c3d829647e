"""Answer requests as the vendor does: routing, authentication, budget, faults and endpoints; without a socket."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus
from typing import TypeVar

import orjson

from .accesses import Access
from .control import PATH as CONTROL_PATH
from .control import control
from .directory import Directory, Record
from .faults import FaultContext, apply_fault
from .feed_query import read_query
from .http import RefusalError, Request, Response, bad_request, json_headers, not_found
from .keys import ACTIVITIES_SCOPES, ORGANIZATION_SCOPES, USER_SCOPES, AccessKey, KeyKind
from .listing import list_page
from .page import body, select_rows
from .timeline import microseconds
from .vendor import Vendor

Known = TypeVar("Known")


@dataclass(frozen=True, slots=True)
class _Call:
    """An authenticated request, with the state that its response depends on."""

    vendor: Vendor
    request: Request
    key: AccessKey
    words: tuple[str, ...]
    """The variable segments of the path."""
    now: datetime


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    kinds: frozenset[KeyKind]
    scopes: tuple[str, ...]
    answer: Callable[[_Call], Response]


def respond(vendor: Vendor, request: Request, now: datetime) -> Response:
    """Return the vendor's response to a request at a given time."""
    if request.path.startswith(CONTROL_PATH):
        return control(vendor, request, now)
    vendor.prepare(now)
    request_id = vendor.new_request_id(now)
    response = _answered(vendor, request, now, request_id)
    headers = {"date": format_datetime(now, usegmt=True), **response.headers, "request-id": request_id}
    return replace(response, headers=headers)


def _answered(vendor: Vendor, request: Request, now: datetime, request_id: str) -> Response:
    try:
        route, call = _authenticated(vendor, request, now)
    except RefusalError as refusal:
        return refusal.response()
    budget, refusal_of_budget = vendor.allowance.take(now)
    response = _endpoint_response(route, call) if refusal_of_budget is None else refusal_of_budget.response()
    vendor.record(Access(request, call.key, request_id, response.status, now))
    return replace(response, headers={**response.headers, **budget.headers()})


def _authenticated(vendor: Vendor, request: Request, now: datetime) -> tuple[_Route, _Call]:
    """Return the route and the key of a request; a request that fails here costs nothing.

    Raises:
        RefusalError: The path does not exist (404), or not for this method (405) or this key (401, 404).
    """
    for route in _ROUTES:
        found = route.pattern.fullmatch(request.path)
        if found is not None:
            break
    else:
        raise not_found()
    if request.method != "GET":
        message = "Method not allowed"
        raise RefusalError(HTTPStatus.METHOD_NOT_ALLOWED, "invalid_request_error", message, {"allow": "GET"})
    key = vendor.keys.authenticate(request.headers.get("x-api-key"))
    if key.kind not in route.kinds:
        raise not_found()
    return route, _Call(vendor, request, key, found.groups(), now)


def _endpoint_response(route: _Route, call: _Call) -> Response:
    def answer() -> Response:
        try:
            call.key.permits(route.scopes)
            return route.answer(call)
        except RefusalError as refusal:
            return refusal.response()

    fault = call.vendor.faults.draw(call.request)
    if fault is None:
        return answer()
    return apply_fault(fault, FaultContext(answer, call.vendor.last_page(call.key.name), call.vendor.void_cursors))


def _activities(call: _Call) -> Response:
    query = read_query(call.request.query, call.vendor.rules())
    rows = select_rows(call.vendor.timeline, query, microseconds(call.now))
    page = Response(200, json_headers(), body(rows, query.order, call.vendor.cursor))
    call.vendor.keep_page(call.key.name, page)
    return page


def _listed(records: Callable[[_Call, Directory], Sequence[Record]]) -> Callable[[_Call], Response]:
    """Return the handler of a list endpoint; a list of an unknown object is a 404."""

    def answer(call: _Call) -> Response:
        found = _known(call, records)
        body = list_page(found, call.request.path, call.request.query, call.vendor.page_seal)
        return Response(200, json_headers(), body)

    return answer


def _single(record: Callable[[_Call, Directory], Record]) -> Callable[[_Call], Response]:
    """Return the handler of an endpoint with one object, which takes no parameters."""

    def answer(call: _Call) -> Response:
        found = _known(call, record)
        if call.request.query:
            message = f"Unknown parameter: {call.request.query[0][0][:100]}"
            raise bad_request(message)
        return Response(200, json_headers(), orjson.dumps(found))

    return answer


def _known(call: _Call, ask: Callable[[_Call, Directory], Known]) -> Known:
    """Return records of the directory.

    Raises:
        RefusalError: The vendor has no directory, or the directory has no such object (404).
    """
    if call.vendor.directory is None:
        raise not_found()
    try:
        return ask(call, call.vendor.directory)
    except KeyError as error:
        raise not_found() from error


def _one(records: Sequence[Record], record_id: str) -> Record:
    return {str(record["id"]): record for record in records}[record_id]


def _settings(call: _Call, known: Directory) -> Record:
    return known.settings(call.words[0], call.now, call.vendor.keys)


def _route(path: str, scopes: tuple[str, ...], answer: Callable[[_Call], Response]) -> _Route:
    """Return a route that needs a Compliance Access Key; `*` in the path matches one segment."""
    pattern = re.compile("/v1/compliance/" + path.replace("*", "([^/]+)"))
    return _Route(pattern, frozenset({KeyKind.COMPLIANCE}), scopes, answer)


_ROUTES = (
    replace(_route("activities", ACTIVITIES_SCOPES, _activities), kinds=frozenset({KeyKind.COMPLIANCE, KeyKind.ADMIN})),
    _route("organizations", ORGANIZATION_SCOPES, _listed(lambda _, known: known.organizations())),
    _route("organizations/*/users", USER_SCOPES, _listed(lambda call, known: known.users(call.words[0], call.now))),
    _route(
        "organizations/*/roles", ORGANIZATION_SCOPES, _listed(lambda call, known: known.roles(call.words[0], call.now))
    ),
    _route(
        "organizations/*/roles/*",
        ORGANIZATION_SCOPES,
        _single(lambda call, known: _one(known.roles(call.words[0], call.now), call.words[1])),
    ),
    _route(
        "organizations/*/roles/*/permissions",
        ORGANIZATION_SCOPES,
        _listed(lambda call, known: known.permissions(call.words[0], call.words[1], call.now)),
    ),
    _route("groups", ORGANIZATION_SCOPES, _listed(lambda call, known: known.groups(call.now))),
    _route("groups/*", ORGANIZATION_SCOPES, _single(lambda call, known: _one(known.groups(call.now), call.words[0]))),
    _route("groups/*/members", USER_SCOPES, _listed(lambda call, known: known.group_members(call.words[0], call.now))),
    _route("organizations/*/settings", ORGANIZATION_SCOPES, _single(_settings)),
)
