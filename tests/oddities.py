"""A server with odd responses of the Activity Feed: one kind of oddity per path, which is a feed's base URL."""

from __future__ import annotations

import gzip
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

_NUMBERS = itertools.count()
_JSON = "application/json"


@dataclass(frozen=True)
class OddRequest:
    """The parameters of a request: the window, and the cursor."""

    start: datetime
    end: datetime
    after: str | None


@dataclass
class Answer:
    """A response; its body is bytes, or parts that are sent one by one with pauses."""

    body: bytes | Iterator[bytes] = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    pause_seconds: float = 0.0
    cut: bool = False


Oddity = Callable[[OddRequest], Answer]


def _activity(asked: OddRequest, share: float = 0.5, **more: object) -> dict[str, object]:
    moment = asked.start + (asked.end - asked.start) * share
    created = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    actor = {"type": "user_actor", "user_id": "user_1", "email_address": "ada@example.com"}
    base = {
        "id": f"activity_{next(_NUMBERS):012}",
        "created_at": created,
        "type": "claude_chat_created",
        "actor": actor,
    }
    return base | more


def _page(*activities: dict[str, object], more: bool = False, last: str | None = None) -> dict[str, object]:
    ids = [str(one["id"]) for one in activities]
    first, end = (ids[0], ids[-1]) if ids else (None, None)
    return {"data": list(activities), "has_more": more, "first_id": first, "last_id": last or end}


def _json_answer(page: object, **headers: str) -> Answer:
    return Answer(json.dumps(page).encode(), headers={name.replace("_", "-"): value for name, value in headers.items()})


def _text(member: str) -> Oddity:
    """Return an oddity: a page with an activity that has a JSON text as the value of a member."""

    def answer(asked: OddRequest) -> Answer:
        page = json.dumps(_page(_activity(asked, odd="HERE"), _activity(asked, 0.6)))
        return Answer(page.replace('"HERE"', member).encode())

    return answer


def _refusal(status: int, body: bytes = b"", kind: str = "text/html", **headers: str) -> Oddity:
    named = {name.replace("_", "-"): value for name, value in headers.items()} | {"content-type": kind}
    return lambda _: Answer(body, status, named)


def _later(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def _newest_first(asked: OddRequest) -> Answer:
    return _json_answer(_page(*(_activity(asked, share / 10) for share in range(9, 0, -1)), more=True))


def _outside(asked: OddRequest) -> Answer:
    odd = _activity(asked, created_at="2019-01-01T00:00:00Z")
    return _json_answer(_page(_activity(asked, 0.2), odd, _activity(asked, 0.4)))


def _empty_for_ever(_: OddRequest) -> Answer:
    return _json_answer({**_page(more=True), "last_id": f"cursor_{next(_NUMBERS)}"})


def _one_moment_for_ever(asked: OddRequest) -> Answer:
    return _json_answer(_page(*(_activity(asked, 0.5) for _ in range(3)), more=True))


def _trickle(asked: OddRequest) -> Answer:
    body = json.dumps(_page(_activity(asked))).encode()
    return Answer((bytes([one]) for one in body), pause_seconds=0.2)


def _bomb(_: OddRequest) -> Answer:
    body = gzip.compress(b'{"data":[' + b" " * 64_000_000, 1)
    return Answer(body, headers={"content-encoding": "gzip"})


def _wide(asked: OddRequest) -> Answer:
    members = {f"member_{number}": number for number in range(200_000)}
    return _json_answer(_page(_activity(asked, **members)))


def _mark(asked: OddRequest) -> Answer:
    return Answer(b"\xef\xbb\xbf" + json.dumps(_page(_activity(asked))).encode())


def _times(asked: OddRequest) -> Answer:
    odd = ["2026-11-27T24:00:00Z", "2026-11-27T10:00:60Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z"]
    return _json_answer(
        _page(*(_activity(asked, created_at=one) for one in odd), _activity(asked, created_at=1764200000))
    )


DEEP = "[" * 1100 + "]" * 1100
ODDITIES: Mapping[str, Oddity] = MappingProxyType(
    {
        "surrogate": _text(r'"cut \ud83d"'),
        "surrogate-name": _text(r'{"\udc00": 1}'),
        "nan": _text("NaN"),
        "infinity": _text("-Infinity"),
        "leading-zero": _text("01"),
        "raw-tab": _text('"a\tb"'),
        "huge-number": _text("9" * 5000),
        "exponent": _text("1e999999"),
        "deep": _text(DEEP),
        "deep-object": _text('{"a":' * 1100 + "1" + "}" * 1100),
        "nul": _text(r'{"a\u0000b": "\u0000"}'),
        "wide": _wide,
        "byte-order-mark": _mark,
        "times": _times,
        "retry-after-26-digits": _refusal(429, b"{}", _JSON, retry_after="9" * 26),
        "retry-after-negative": _refusal(429, b"{}", _JSON, retry_after="-1"),
        "retry-after-date": lambda _: Answer(b"{}", 503, {"retry-after": _later(2), "content-type": _JSON}),
        "rate-limit-2-63": lambda asked: _json_answer(
            _page(_activity(asked)),
            anthropic_ratelimit_requests_limit=str(2**63),
            anthropic_ratelimit_requests_remaining=str(2**63),
            anthropic_ratelimit_requests_reset="9999-12-31T23:59:59Z",
        ),
        "last-id-100000": lambda asked: _json_answer(_page(_activity(asked), more=True, last="x" * 100_000)),
        "other-last-id": lambda asked: _json_answer(
            _page(_activity(asked), more=True, last="activity_of_another_page")
        ),
        "error-with-200": lambda _: _json_answer({"type": "error", "error": {"type": "api_error", "message": "sorry"}}),
        "error-and-data": lambda _: _json_answer({**_page(), "error": {"type": "api_error", "message": "sorry"}}),
        "no-object": lambda _: _json_answer([1, 2, 3]),
        "null-data": lambda _: _json_answer({"data": None, "has_more": False}),
        "newest-first": _newest_first,
        "outside": _outside,
        "empty-for-ever": _empty_for_ever,
        "one-moment-for-ever": _one_moment_for_ever,
        "trickle": _trickle,
        "cut": lambda asked: Answer(json.dumps(_page(_activity(asked))).encode(), cut=True),
        "forbidden-page": _refusal(403, b"<html><h1>Blocked by your firewall</h1></html>"),
        "missing-page": _refusal(404, b"<html>nothing here</html>"),
        "proxy-login": _refusal(407, b"<html>log in</html>", proxy_authenticate="Basic"),
        "request-timeout": _refusal(408),
        "too-early": _refusal(425),
        "teapot": _refusal(418, b"x" * 1_000_000),
        "redirect": _refusal(302, location="https://example.com/"),
        "gzip-bomb": _bomb,
        "not-gzip": lambda _: Answer(b"this is no gzip", headers={"content-encoding": "gzip"}),
        "odd-date": lambda asked: _json_answer(_page(_activity(asked)), date="Thu, 99 Foo 99999 99:99:99 GMT"),
    }
)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: Counter[str]
    turn: Iterator[int]

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.strip("/").partition("/")[0]
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        self.asked[name] += 1
        oddity = ODDITIES[list(ODDITIES)[next(self.turn) % len(ODDITIES)]] if name == "in-turn" else ODDITIES[name]
        answer = oddity(
            OddRequest(_read(query["created_at.gte"]), _read(query["created_at.lt"]), query.get("after_id"))
        )
        try:
            self._send(answer)
        except OSError:
            self.close_connection = True

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        given = {name.lower() for name in answer.headers}
        standard = {"content-type": _JSON, "date": self.date_time_string(), "request-id": f"req_{next(_NUMBERS)}"}
        length = len(answer.body) if isinstance(answer.body, bytes) else 100_000
        for key, value in (standard | {"content-length": str(length)}).items():
            if key not in given:
                self.send_header(key, value)
        for key, value in answer.headers.items():
            self.send_header(key, value)
        self.end_headers()
        if isinstance(answer.body, bytes):
            self.wfile.write(answer.body[: len(answer.body) // 2] if answer.cut else answer.body)
        else:
            for part in answer.body:
                self.wfile.write(part)
                self.wfile.flush()
                time.sleep(answer.pause_seconds)
        self.close_connection = answer.cut or not isinstance(answer.body, bytes)

    def log_message(self, *_: object) -> None:
        """Log nothing."""


def _read(moment: str) -> datetime:
    return datetime.fromisoformat(moment.replace("Z", "+00:00"))


@contextmanager
def serving_oddities() -> Iterator[tuple[str, Counter[str]]]:
    """Serve all oddities on loopback; yield the base URL, and the number of requests of each oddity."""
    asked: Counter[str] = Counter()
    server = ThreadingHTTPServer(
        ("127.0.0.1", 0), type("Kept", (_Handler,), {"asked": asked, "turn": itertools.count()})
    )
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # clients that give up are expected
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
