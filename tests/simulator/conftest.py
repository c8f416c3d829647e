from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anthropic_audit.simulator import IndexingBehavior, Request, Response, Vendor, VendorSettings, respond
from anthropic_audit.simulator.timeline import MINUTE_US, VisibleActivity, microseconds
from anthropic_audit.simulator.world import Row, Storyline, WorldSettings

NOW = datetime(2026, 11, 23, 9, 0, 30, tzinfo=UTC)
TYPES = (
    "claude_chat_created",
    "claude_chat_viewed",
    "sso_login_succeeded",
    "api_key_created",
    "compliance_api_accessed",
)
ACTORS = ("user_01AAA", "user_01BBB", None)
ORGANIZATIONS = (("org_01AAA", "aaaaaaaa-0000-4000-8000-000000000001"), ("org_01BBB", None), (None, None))

AT_ONCE = IndexingBehavior(lag=timedelta(0))


def make_row(created_us: int, number: int, *, kind: int = 0, actor: int = 0, organization: int = 0) -> Row:
    activity_id = f"activity_{number:024d}"
    org_id, org_uuid = ORGANIZATIONS[organization]
    raw = {
        "id": activity_id,
        "created_at": (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=created_us)).isoformat(),
        "type": TYPES[kind],
        "actor": {"type": "user_actor", "user_id": ACTORS[actor]},
        "organization_id": org_id,
        "organization_uuid": org_uuid,
        "note": 'a, {b} "c"',
    }
    return Row(
        created_us=created_us,
        id=activity_id,
        type=TYPES[kind],
        actor_user_id=ACTORS[actor],
        organization_id=org_id,
        organization_uuid=org_uuid,
        raw=json.dumps(raw).encode(),
    )


class WrittenWorld:
    """A world with exactly the given activities."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._minutes: dict[int, list[Row]] = {}
        for row in sorted(rows):
            self._minutes.setdefault(row.created_us // MINUTE_US, []).append(row)

    def rows(self, minute: int) -> Sequence[Row]:
        return self._minutes.get(minute, [])

    def storylines(self, start_minute: int, end_minute: int) -> Sequence[Storyline]:
        return []


class EvenWorld:
    """A world with the same number of activities in every minute."""

    def __init__(self, per_minute: int) -> None:
        self._per_minute = per_minute

    def rows(self, minute: int) -> Sequence[Row]:
        step = MINUTE_US // self._per_minute
        return [
            make_row(
                minute * MINUTE_US + n * step,
                minute * self._per_minute + n,
                kind=n % 4,
                actor=n % 3,
                organization=n % 3,
            )
            for n in range(self._per_minute)
        ]

    def storylines(self, start_minute: int, end_minute: int) -> Sequence[Storyline]:
        return []


class Caller:
    """Sends requests to the vendor directly, without a client."""

    def __init__(self, vendor: Vendor, now: datetime, key: str = "compliance") -> None:
        self.vendor = vendor
        self.now = now
        self.key: str | None = vendor.keys.named(key).secret.reveal()

    def ask(self, *query: tuple[str, str], path: str = "/v1/compliance/activities", method: str = "GET") -> Response:
        headers = {} if self.key is None else {"x-api-key": self.key}
        return respond(self.vendor, Request(method, path, query, headers), self.now)

    def page(self, *query: tuple[str, str]) -> dict[str, Any]:
        response = self.ask(*query)
        assert response.status == 200, response.body
        page: dict[str, Any] = json.loads(response.body)
        return page

    def truth(self) -> list[VisibleActivity]:
        """Return the ground truth of all activities that have become visible."""
        return list(self.vendor.truth(datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC), self.now))

    def control(
        self, path: str, body: object = None, method: str | None = None, query: Mapping[str, str] | None = None
    ) -> Any:
        content = b"" if body is None else json.dumps(body).encode()
        verb = method or ("GET" if body is None else "POST")
        request = Request(verb, f"/_simulator/{path}", tuple((query or {}).items()), {}, content)
        response = respond(self.vendor, request, self.now)
        assert response.status == 200, response.body
        return json.loads(response.body)

    def walk(
        self, *query: tuple[str, str], cursor: str = "after_id", start: str | None = None
    ) -> Iterator[dict[str, Any]]:
        """Yield all pages, in the direction of the cursor."""
        edge = "last_id" if cursor == "after_id" else "first_id"
        position = start
        while True:
            page = self.page(*query, *([] if position is None else [(cursor, position)]))
            yield page
            if not page["has_more"]:
                return
            position = page[edge]


MakeCaller = Callable[..., Caller]


@pytest.fixture(scope="session")
def row() -> Callable[..., Row]:
    return make_row


@pytest.fixture(scope="session")
def call() -> MakeCaller:
    """Return a function that opens a vendor on a small world, by default without lag and access log, and its caller."""

    def make(
        rows: Iterable[Row] | None = None,
        *,
        per_minute: int = 2,
        logs_accesses: bool = False,
        seed: int = 1,
        now: datetime = NOW,
        **settings: Any,
    ) -> Caller:
        world = EvenWorld(per_minute) if rows is None else WrittenWorld(rows)
        chosen = VendorSettings(
            **{
                "world": WorldSettings(seed=seed),
                "history": timedelta(hours=1),
                "delivery": AT_ONCE,
                "until": None if logs_accesses else now,
                **settings,
            }
        )
        return Caller(Vendor(chosen, world, TYPES, now), now)

    return make


@pytest.fixture(scope="session")
def call_over(call: MakeCaller) -> MakeCaller:
    """Return a function that opens a vendor on activities: tuples of seconds before now, type, actor, organization."""

    def make(happened: Iterable[tuple[int, int, int, int]], **settings: Any) -> Caller:
        rows = [
            make_row(
                microseconds(NOW - timedelta(seconds=seconds_ago)),
                number,
                kind=kind,
                actor=actor,
                organization=organization,
            )
            for number, (seconds_ago, kind, actor, organization) in enumerate(happened)
        ]
        return call(rows, **settings)

    return make


@pytest.fixture(scope="session")
def at_us() -> Callable[[float], int]:
    """Return a function that converts seconds before now to a row's time."""
    return lambda seconds_ago: microseconds(NOW - timedelta(seconds=seconds_ago))
