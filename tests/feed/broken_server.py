"""A server of the Activity Feed that keeps the contract, or breaks named rules of it at given requests."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime

import httpx2

from anthropic_audit.times import format_time

BREAKS = (
    "newest first",
    "shuffled",
    "wrong end, sorted",
    "window ignored",
    "one row too early",
    "one row too late",
    "page of another window",
    "cursor ignored",
    "cursor skips ahead",
    "cursor goes back",
    "no cursor",
    "cursor of nothing",
    "endless cursor",
    "more than asked for",
    "fewer than asked for",
    "filters ignored",
    "error without rows",
    "error beside rows",
    "always more",
    "empty, more",
    "copy of an earlier page",
    "copy, by its age",
    "twice",
    "has_more is missing",
    "data twice",
    "byte order mark",
    "odd row",
    "503",
    "cut off",
    "clock of another year",
)
"""The rules that a server can break.

A page without some activities and an early `has_more: false` are not among them: no client can detect these.
"""

ODD_ROW = b'{"id":"odd%d","type":"t","created_at":"%s","name":"\\ud83d","n":NaN}'


@dataclass(frozen=True)
class Row:
    """One activity of the server."""

    id: str
    created_at: datetime
    type: str = "t"

    @property
    def raw(self) -> bytes:
        members = {"id": self.id, "type": self.type, "created_at": format_time(self.created_at)}
        return json.dumps(members, separators=(",", ":")).encode()

    @property
    def key(self) -> tuple[datetime, str]:
        return self.created_at, self.id


@dataclass(frozen=True)
class _Asked:
    start: datetime
    end: datetime
    ascending: bool
    limit: int
    after: str | None
    types: frozenset[str]


@dataclass(frozen=True)
class _Answer:
    rows: Sequence[Row]
    has_more: bool
    first_id: str | None
    last_id: str | None
    headers: Mapping[str, str] = field(default_factory=dict)


class BrokenServer:
    """Serves activities; at a given request it breaks the rules that `breaks` names for it.

    Args:
        rows: All activities of the server.
        now: The time of day.
        breaks: The rules to break, by the number of a request (from 1).
        has_ids: True when cursors are the ids of activities, False when they are opaque.
        knows_order: False for a server of May 2026, which refuses `order` and serves the newest first.
    """

    def __init__(
        self,
        rows: Sequence[Row],
        now: Callable[[], datetime],
        breaks: Mapping[int, Sequence[str]],
        *,
        has_ids: bool = True,
        knows_order: bool = True,
    ) -> None:
        self.rows = sorted(rows, key=lambda row: row.key)
        self.requests = 0
        self.always_newest_first = False
        self._now = now
        self.breaks = breaks
        self._has_ids = has_ids
        self._knows_order = knows_order
        self._earlier: list[httpx2.Response] = []

    def respond(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        self.requests += 1
        broken = set(self.breaks.get(self.requests, ()))
        params = request.url.params
        if "order" in params and not self._knows_order:
            return httpx2.Response(400, json={"error": {"type": "invalid_request_error", "message": "order"}})
        if "503" in broken:
            return httpx2.Response(503)
        if "copy of an earlier page" in broken and self._earlier:
            return _copied(self._earlier[self.requests % len(self._earlier)])
        asked = _Asked(
            datetime.fromisoformat(params["created_at.gte"]),
            datetime.fromisoformat(params["created_at.lt"]),
            params.get("order") == "asc" and not self.always_newest_first,
            int(params["limit"]),
            params.get("after_id"),
            frozenset(params.get_list("activity_types[]")),
        )
        try:
            answer = self._broken(self._chosen(asked, broken), asked, broken)
        except KeyError:
            return httpx2.Response(400, json={"error": {"type": "invalid_request_error", "message": "cursor"}})
        response = self._written(answer, broken)
        self._earlier.append(_copied(response))
        return response

    def _chosen(self, asked: _Asked, broken: set[str]) -> _Answer:
        if "page of another window" in broken:
            other = replace(asked, start=asked.start - timedelta(minutes=7), end=asked.end - timedelta(minutes=7))
            answer = self._page(other, broken)
            if any(row.created_at < asked.start - timedelta(seconds=1) for row in answer.rows):
                return answer  # any other page looks like one with rows left out
        return self._page(asked, broken)

    def _page(self, asked: _Asked, broken: set[str]) -> _Answer:
        ascending = asked.ascending != ("newest first" in broken)
        rows = [row for row in self.rows if asked.start <= row.created_at < asked.end or "window ignored" in broken]
        if asked.types and "filters ignored" not in broken:
            rows = [row for row in rows if row.type in asked.types]
        if not ascending:
            rows.reverse()
        if asked.after is not None and "cursor ignored" not in broken:
            place = self._place(asked.after)
            rows = [row for row in rows if (row.key > place if ascending else row.key < place)]
        limit = asked.limit + 3 * ("more than asked for" in broken)
        if "fewer than asked for" in broken:
            limit = max(1, limit // 2)
        shown = rows[:limit]
        if "wrong end, sorted" in broken:
            shown = rows[-limit:]
        return _Answer(
            shown,
            len(rows) > len(shown),
            self._cursor(shown[0]) if shown else None,
            self._cursor(shown[-1]) if shown else None,
        )

    def _broken(self, answer: _Answer, asked: _Asked, broken: set[str]) -> _Answer:
        if "empty, more" in broken:
            return _Answer((), has_more=True, first_id=None, last_id=asked.after)
        rows = self._with_odd_rows(list(answer.rows), broken)
        if len(rows) > max(asked.limit, len(answer.rows)):
            rows = [*rows[: asked.limit - 1], rows[-1]] if "one row too late" in broken else rows[: asked.limit]
            answer = replace(answer, has_more=True)
        if rows and "shuffled" not in broken:
            answer = replace(answer, last_id=self._cursor(rows[-1]))
        answer = replace(answer, rows=rows, has_more=answer.has_more or "always more" in broken)
        return self._with_cursor(answer, asked, broken) if rows else answer

    def _with_odd_rows(self, rows: list[Row], broken: set[str]) -> list[Row]:
        if "shuffled" in broken:
            rows = rows[1::2] + rows[::2]
        if "one row too early" in broken:
            rows.insert(0, self.rows[0])
        if "one row too late" in broken:
            rows.append(self.rows[-1])
        if "twice" in broken and rows:
            rows.insert(1, rows[0])
        return rows

    def _with_cursor(self, answer: _Answer, asked: _Asked, broken: set[str]) -> _Answer:
        last = answer.rows[-1]
        if "cursor skips ahead" in broken:
            ahead = [row for row in self.rows if (row.key > last.key if asked.ascending else row.key < last.key)]
            other = (ahead[:4] if asked.ascending else ahead[-4:]) or [last]
            answer = replace(answer, last_id=self._cursor(other[-1 if asked.ascending else 0]))
        if "cursor goes back" in broken:
            answer = replace(answer, last_id=self._cursor(answer.rows[0]))
        if "no cursor" in broken:
            answer = replace(answer, last_id=None)
        if "cursor of nothing" in broken:
            answer = replace(answer, last_id=f"nothing{self.requests}")
        if "endless cursor" in broken:
            answer = replace(answer, last_id="x" * 100_000)
        return answer

    def _written(self, answer: _Answer, broken: set[str]) -> httpx2.Response:
        raws = [row.raw for row in answer.rows]
        if "odd row" in broken:
            raws.append(ODD_ROW % (self.requests, format_time(answer.rows[-1].created_at).encode()) if raws else b"7")
        ids = json.dumps(answer.first_id).encode(), json.dumps(answer.last_id).encode()
        more = b"" if "has_more is missing" in broken else b'"has_more":%s,' % json.dumps(answer.has_more).encode()
        data = b'"data":[%s]' % b",".join(raws)
        if "data twice" in broken:
            data += b',"data":[]'
        error = b""
        if "error beside rows" in broken:
            error = b'"error":{"type":"api_error","message":"half of it"},'
        if "error without rows" in broken:
            data, error = b'"data":[]', b'"error":{"type":"api_error","message":"nothing"},'
        body = b"{%s,%s%s%s}" % (data, more, error, b'"first_id":%s,"last_id":%s' % ids)
        if "byte order mark" in broken:
            body = b"\xef\xbb\xbf" + body
        if "cut off" in broken:
            body = body[: len(body) // 2]
        clock = self._now().replace(year=2021) if "clock of another year" in broken else self._now()
        headers = {"date": format_datetime(clock, usegmt=True), "request-id": f"req_{self.requests}"}
        if "copy, by its age" in broken:
            headers["age"] = "4000"
        return httpx2.Response(200, content=body, headers=headers)

    def _cursor(self, row: Row) -> str:
        return row.id if self._has_ids else f"at:{row.created_at.isoformat()}:{row.id}".encode().hex()

    def _place(self, cursor: str) -> tuple[datetime, str]:
        """Return the position of a cursor; raise KeyError for an unknown one."""
        for row in self.rows:
            if self._cursor(row) == cursor:
                return row.key
        raise KeyError(cursor)


def _copied(response: httpx2.Response) -> httpx2.Response:
    return httpx2.Response(response.status_code, content=response.content, headers=dict(response.headers))
