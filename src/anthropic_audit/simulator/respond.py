"""From a request to a response: the whole of what the vendor says, and no socket."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import format_datetime
from http import HTTPStatus

import orjson

from .accesses import Access
from .control import PATH as CONTROL_PATH
from .control import control
from .directory import Directory, Record
from .exchange import RefusalError, Request, Response, bad_request, json_headers, not_found
from .faults import Scene, disturbed
from .keys import ACTIVITIES_SCOPES, ORGANIZATION_SCOPES, USER_SCOPES, AccessKey, KeyKind
from .listing import list_page
from .page import body, choose
from .question import read_question
from .timeline import microseconds
from .vendor import Vendor


@dataclass(frozen=True, slots=True)
class _Call:
    """A request that was let in, with what answers need."""

    vendor: Vendor
    request: Request
    key: AccessKey
    words: tuple[str, ...]
    """The parts of the path that vary."""
    now: datetime


@dataclass(frozen=True, slots=True)
class _Route:
    pattern: re.Pattern[str]
    kinds: frozenset[KeyKind]
    scopes: tuple[str, ...]
    answer: Callable[[_Call], Response]


def respond(vendor: Vendor, request: Request, now: datetime) -> Response:
    """Answer one request as the vendor would at that time."""
    if request.path.startswith(CONTROL_PATH):
        return control(vendor, request, now)
    vendor.prepare(now)
    request_id = vendor.new_request_id(now)
    response = _answered(vendor, request, now, request_id)
    headers = {"date": format_datetime(now, usegmt=True), **response.headers, "request-id": request_id}
    return replace(response, headers=headers)


def _answered(vendor: Vendor, request: Request, now: datetime, request_id: str) -> Response:
    try:
        route, call = _let_in(vendor, request, now)
    except RefusalError as refusal:
        return refusal.response()
    standing, spent = vendor.allowance.take(now)
    response = _perhaps_disturbed(route, call) if spent is None else spent.response()
    vendor.record(Access(request, call.key, request_id, response.status, now))
    return replace(response, headers={**response.headers, **standing.headers()})


def _let_in(vendor: Vendor, request: Request, now: datetime) -> tuple[_Route, _Call]:
    """Find who answers, and whose key it is; what fails here costs nothing.

    Raises:
        RefusalError: There is no such place (404), or not for this method (405) or this key (401, 404).
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


def _perhaps_disturbed(route: _Route, call: _Call) -> Response:
    def answer() -> Response:
        try:
            call.key.permits(route.scopes)
            return route.answer(call)
        except RefusalError as refusal:
            return refusal.response()

    fault = call.vendor.faults.draw(call.request)
    if fault is None:
        return answer()
    return disturbed(fault, Scene(answer, call.vendor.last_page(call.key.name), call.vendor.void_cursors))


def _activities(call: _Call) -> Response:
    question = read_question(call.request.query, call.vendor.rules())
    deliveries = choose(call.vendor.timeline, question, microseconds(call.now))
    page = Response(200, json_headers(), body(deliveries, question.order, call.vendor.cursor))
    call.vendor.keep_page(call.key.name, page)
    return page


def _listed(records: Callable[[Directory, tuple[str, ...]], Sequence[Record]]) -> Callable[[_Call], Response]:
    """Return what answers with a page of a list; what belongs to nothing that exists is not found."""

    def answer(call: _Call) -> Response:
        try:
            found = records(call.vendor.directory, call.words)
        except KeyError as error:
            raise not_found() from error
        return Response(
            200, json_headers(), list_page(found, call.request.path, call.request.query, call.vendor.page_seal)
        )

    return answer


def _settings(call: _Call) -> Response:
    settings = call.vendor.directory.settings.get(call.words[0])
    if settings is None:
        raise not_found()
    if call.request.query:
        message = f"Unknown parameter: {call.request.query[0][0][:100]}"
        raise bad_request(message)
    return Response(200, json_headers(), orjson.dumps(settings))


def _route(path: str, scopes: tuple[str, ...], answer: Callable[[_Call], Response]) -> _Route:
    """Return a place that a Compliance Access Key opens; `*` stands for one word of the path."""
    pattern = re.compile("/v1/compliance/" + path.replace("*", "([^/]+)"))
    return _Route(pattern, frozenset({KeyKind.COMPLIANCE}), scopes, answer)


_ROUTES = (
    replace(_route("activities", ACTIVITIES_SCOPES, _activities), kinds=frozenset({KeyKind.COMPLIANCE, KeyKind.ADMIN})),
    _route("organizations", ORGANIZATION_SCOPES, _listed(lambda known, _: known.organizations)),
    _route("organizations/*/users", USER_SCOPES, _listed(lambda known, words: known.users[words[0]])),
    _route("organizations/*/roles", ORGANIZATION_SCOPES, _listed(lambda known, words: known.roles[words[0]])),
    _route("roles/*/permissions", ORGANIZATION_SCOPES, _listed(lambda known, words: known.permissions[words[0]])),
    _route("groups", ORGANIZATION_SCOPES, _listed(lambda known, _: known.groups)),
    _route("groups/*/members", USER_SCOPES, _listed(lambda known, words: known.members[words[0]])),
    _route("organizations/*/settings", ORGANIZATION_SCOPES, _settings),
)
