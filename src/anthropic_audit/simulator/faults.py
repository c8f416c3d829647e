"""Faults of the simulated API: at random, or queued by a test in a fixed order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .http import Ending, Request, Response, bad_request, problem
from .page import EMPTY_BODY_WITH_MORE
from .seeded import stream

WAIT_SECONDS = 5.0
RETRY_AFTER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of fault, for a number of requests."""

    kind: str
    times: int = 1
    seconds: float = WAIT_SECONDS
    """The delay of a `slow` response."""
    retry_after: float = RETRY_AFTER_SECONDS
    """The `retry-after` of a `429`."""


@dataclass(frozen=True, slots=True)
class FaultContext:
    """The request's context from which a fault makes its response."""

    answer: Callable[[], Response]
    """Returns the response without the fault."""
    previous: Response | None
    """The last page that was returned to this key."""
    void_cursors: Callable[[], None]
    """Makes every cursor issued so far invalid."""


_FaultResponse = Callable[[Fault, FaultContext], Response]


def _busy(fault: Fault, context: FaultContext) -> Response:
    headers = {"retry-after": f"{fault.retry_after:g}"}
    return problem(429, "rate_limit_error", "Too many requests, please slow down", headers)


def _silently_busy(fault: Fault, context: FaultContext) -> Response:
    return problem(429, "rate_limit_error", "Too many requests, please slow down")


def _failing(status: int, kind: str, headers: Mapping[str, str] | None = None) -> _FaultResponse:
    return lambda fault, context: problem(status, kind, "The service could not answer this request", headers)


def _unauthorized(fault: Fault, context: FaultContext) -> Response:
    return problem(401, "authentication_error", "Invalid API key")


def _slow(fault: Fault, context: FaultContext) -> Response:
    return replace(context.answer(), wait_seconds=fault.seconds)


def _reset(fault: Fault, context: FaultContext) -> Response:
    return replace(context.answer(), ending=Ending.RESET)


def _truncated(fault: Fault, context: FaultContext) -> Response:
    return replace(context.answer(), ending=Ending.TRUNCATED)


def _html(fault: Fault, context: FaultContext) -> Response:
    page = b"<!doctype html><html><title>Please wait</title><body>We will be right back.</body></html>"
    return Response(200, {"content-type": "text/html; charset=utf-8"}, page)


def _empty(fault: Fault, context: FaultContext) -> Response:
    return replace(context.answer(), status=200, body=EMPTY_BODY_WITH_MORE)


def _frozen(fault: Fault, context: FaultContext) -> Response:
    return context.previous or context.answer()


def _refused_cursor(fault: Fault, context: FaultContext) -> Response:
    return bad_request("Invalid cursor").response()


def _void_cursors(fault: Fault, context: FaultContext) -> Response:
    context.void_cursors()
    return context.answer()


FAULT_RESPONSES: Mapping[str, _FaultResponse] = {
    "429": _busy,
    "429-silent": _silently_busy,
    "500": _failing(500, "api_error"),
    "500-final": _failing(500, "api_error", {"x-should-retry": "false"}),
    "502": _failing(502, "api_error"),
    "503": _failing(503, "api_error"),
    "504": _failing(504, "api_error"),
    "529": _failing(529, "overloaded_error"),
    "slow": _slow,
    "reset": _reset,
    "truncated": _truncated,
    "html": _html,
    "empty": _empty,
    "frozen": _frozen,
    "cursor": _refused_cursor,
    "cursors": _void_cursors,
    "unauthorized": _unauthorized,
}
"""Each kind of fault, with the function that makes its response."""

FAULTS = tuple(FAULT_RESPONSES)
"""The kinds of faults."""

_NEEDS_A_CURSOR = frozenset({"frozen", "cursor", "cursors"})


class FaultPlan:
    """Choose the fault of each request: from the queue, in its order, else at random.

    A queued fault of cursors waits for a request with a cursor.
    """

    def __init__(self, shares: Mapping[str, float], seed: int) -> None:
        self._shares = dict(shares)
        self._chance = stream("faults", seed)
        self._queue: deque[Fault] = deque()
        self._met: dict[str, int] = {}
        self._lock = threading.Lock()

    def queue(self, fault: Fault) -> None:
        """Append a fault to the queue."""
        with self._lock:
            self._queue.append(fault)

    def clear(self) -> None:
        """Remove all queued faults, and end random faults."""
        with self._lock:
            self._queue.clear()
            self._shares.clear()

    def draw(self, request: Request) -> Fault | None:
        """Return the fault of a request, or None."""
        has_cursor = any(name in {"after_id", "before_id"} for name, _ in request.query)
        with self._lock:
            fault = self._queued(has_cursor=has_cursor) or self._by_chance(has_cursor=has_cursor)
            if fault is not None:
                self._met[fault.kind] = self._met.get(fault.kind, 0) + 1
            return fault

    def _queued(self, *, has_cursor: bool) -> Fault | None:
        if not self._queue or (self._queue[0].kind in _NEEDS_A_CURSOR and not has_cursor):
            return None
        fault = self._queue.popleft()
        if fault.times > 1:
            self._queue.appendleft(replace(fault, times=fault.times - 1))
        return fault

    def _by_chance(self, *, has_cursor: bool) -> Fault | None:
        left = self._chance.random()
        for kind, share in self._shares.items():
            left -= share
            if left < 0:
                return Fault(kind) if has_cursor or kind not in _NEEDS_A_CURSOR else None
        return None

    def state(self) -> dict[str, object]:
        """Return the queued faults, the shares of random faults, and the number of faults so far, by kind."""
        with self._lock:
            return {"queue": list(self._queue), "shares": dict(self._shares), "met": dict(self._met)}


def apply_fault(fault: Fault, context: FaultContext) -> Response:
    """Return the response to a request that has a fault."""
    return FAULT_RESPONSES[fault.kind](fault, context)
