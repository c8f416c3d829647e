"""What goes wrong between a question and its answer: by chance, or one after the other as a test wants it."""

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
    """One kind of fault, for so many requests."""

    kind: str
    times: int = 1
    seconds: float = WAIT_SECONDS
    """How long a `slow` answer is held back."""
    retry_after: float = RETRY_AFTER_SECONDS
    """What a `429` asks for."""


@dataclass(frozen=True, slots=True)
class FaultContext:
    """What a fault has to work with."""

    answer: Callable[[], Response]
    """Gives the answer that there would be without the fault."""
    previous: Response | None
    """The last page that this key was given."""
    void_cursors: Callable[[], None]
    """Declares void every cursor issued so far."""


_Way = Callable[[Fault, FaultContext], Response]


def _busy(fault: Fault, scene: FaultContext) -> Response:
    headers = {"retry-after": f"{fault.retry_after:g}"}
    return problem(429, "rate_limit_error", "Too many requests, please slow down", headers)


def _silently_busy(fault: Fault, scene: FaultContext) -> Response:
    return problem(429, "rate_limit_error", "Too many requests, please slow down")


def _failing(status: int, kind: str, headers: Mapping[str, str] | None = None) -> _Way:
    return lambda fault, scene: problem(status, kind, "The service could not answer this request", headers)


def _unauthorized(fault: Fault, scene: FaultContext) -> Response:
    return problem(401, "authentication_error", "Invalid API key")


def _slow(fault: Fault, scene: FaultContext) -> Response:
    return replace(scene.answer(), wait_seconds=fault.seconds)


def _reset(fault: Fault, scene: FaultContext) -> Response:
    return replace(scene.answer(), ending=Ending.RESET)


def _truncated(fault: Fault, scene: FaultContext) -> Response:
    return replace(scene.answer(), ending=Ending.TRUNCATED)


def _html(fault: Fault, scene: FaultContext) -> Response:
    page = b"<!doctype html><html><title>Please wait</title><body>We will be right back.</body></html>"
    return Response(200, {"content-type": "text/html; charset=utf-8"}, page)


def _empty(fault: Fault, scene: FaultContext) -> Response:
    return replace(scene.answer(), status=200, body=EMPTY_BODY_WITH_MORE)


def _frozen(fault: Fault, scene: FaultContext) -> Response:
    return scene.previous or scene.answer()


def _refused_cursor(fault: Fault, scene: FaultContext) -> Response:
    return bad_request("Invalid cursor").response()


def _void_cursors(fault: Fault, scene: FaultContext) -> Response:
    scene.void_cursors()
    return scene.answer()


WAYS: Mapping[str, _Way] = {
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
"""Every kind of fault, and what it makes of an answer."""

FAULTS = tuple(WAYS)
"""The names of all kinds of faults."""

_NEEDS_A_CURSOR = frozenset({"frozen", "cursor", "cursors"})


class FaultPlan:
    """Which request meets which fault: the queue first, in its order, then chance.

    A fault that is about cursors waits for a request that carries one.
    """

    def __init__(self, shares: Mapping[str, float], seed: int) -> None:
        self._shares = dict(shares)
        self._chance = stream("faults", seed)
        self._queue: deque[Fault] = deque()
        self._met: dict[str, int] = {}
        self._lock = threading.Lock()

    def queue(self, fault: Fault) -> None:
        """Let the next requests meet a fault, after those that wait already."""
        with self._lock:
            self._queue.append(fault)

    def clear(self) -> None:
        """Forget what is queued, and leave nothing to chance any more."""
        with self._lock:
            self._queue.clear()
            self._shares.clear()

    def draw(self, request: Request) -> Fault | None:
        """Return the fault that a request meets, or None."""
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

    def told(self) -> dict[str, object]:
        """Return what is queued, what is left to chance, and what requests have met so far."""
        with self._lock:
            return {"queue": list(self._queue), "shares": dict(self._shares), "met": dict(self._met)}


def disturbed(fault: Fault, scene: FaultContext) -> Response:
    """Return what a fault makes of an answer."""
    return WAYS[fault.kind](fault, scene)
