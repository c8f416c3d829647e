"""A test archive: some days of a simulated vendor, every activity type, and activities with hostile texts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import orjson
from tests.collecting import NOW, House, settings

from anthropic_audit.archive import open_reader, open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer, Options
from anthropic_audit.enrich import describe_user_agent
from anthropic_audit.follow import NormalizeRules, normalize_pending, renormalize
from anthropic_audit.model import Activity, Received, Window
from anthropic_audit.progress import ignore_progress
from anthropic_audit.simulator.world import World, WorldSettings
from anthropic_audit.times import EPOCH, format_time

PER_DAY = 500
SCRIPT = "<script>window.__pwned=1;alert(1)</script>"
IMAGE = '"><img src=x onerror="window.__pwned=2;alert(2)">'
SQL = "';DROP TABLE events;--"
FORMULA = '=HYPERLINK("http://evil.example","click")'
TEMPLATE = "{{7*191}}${7*191}"
ODD = "\u202eright to left\u202c \u0000\u0007\u001b[31m \u2028 \ufeff ﷽ 👩‍👩‍👧 ../../etc/passwd"
STRANGER = "192.0.2.99"
LONG = "W" * 5_000
EVIL = (SCRIPT, IMAGE, SQL, FORMULA, TEMPLATE, ODD, LONG)

_COUNTRIES = (("DE", "Germany"), ("US", "United States"), ("JP", "Japan"), ("BR", "Brazil"))


class Atlas:
    """A made-up database of addresses and user agents, with hostile names."""

    def of_address(self, address: str) -> Mapping[str, Any]:
        number = sum(map(ord, address))
        code, name = _COUNTRIES[number % len(_COUNTRIES)]
        return {
            "geo": {"country_iso_code": code, "country_name": name, "city_name": f"Town {number}"},
            "as": {"number": 64_500 + number % 4, "organization": {"name": f"Net {number % 4} {SCRIPT}"}},
        }

    def of_user_agent(self, text: str) -> Mapping[str, Any]:
        return describe_user_agent(text)

    def refresh(self) -> bool:
        return False


def make_archive(folder: Path) -> None:
    """Collect from the simulator, add every kind and the enemies, and normalize all of it."""
    house = House(folder, settings(world=WorldSettings(seed=5, activities_per_day=PER_DAY, people=12)))
    house.collect(house.feed())
    normalizer = Normalizer(load(), Atlas())
    rules = NormalizeRules({"acme": Options(tags=("ours",), preserve_original_event=True)})
    with open_writer(str(folder), house.clock) as archive:
        accesses = _accesses(folder)
        archive.append([received(raw) for raw in (*_of_every_kind(), *enemies(), *accesses, b"\xff{no activity")])
        normalize_pending(archive, normalizer, rules, ignore_progress)
        renormalize(archive, normalizer, rules, Window(EPOCH, NOW + timedelta(days=1)), watch=ignore_progress)


def received(raw: bytes) -> Received:
    try:
        told = orjson.loads(raw)
        when, identity = datetime.fromisoformat(told["created_at"]), told["id"]
    except orjson.JSONDecodeError:
        told, when, identity = {}, EPOCH, "unreadable"
    kept = Activity(identity, str(told.get("type")), when, told.get("organization_id"), raw, sha256(raw).digest())
    return Received(kept, "acme", NOW - timedelta(minutes=3), "req_1", "walk_1")


def _of_every_kind() -> Iterator[bytes]:
    """Yield an activity of each type, over the last two days, with the actor types in turn."""
    catalogue, random = load(), Random(1)
    world = World(WorldSettings(seed=5, people=12), catalogue)
    for number, (name, kind) in enumerate(sorted(catalogue.types.items())):
        told = world.example(name, kind.actors[number % len(kind.actors)], random)
        yield orjson.dumps({**told, "created_at": format_time(NOW - timedelta(minutes=30 + 5 * number))})


def _accesses(folder: Path) -> Iterator[bytes]:
    """Yield an echo of one of our own requests, and a foreign request with the same key."""
    with open_reader(str(folder)).connect() as connection:
        ((ours,),) = connection.sql("SELECT request_id FROM requests ORDER BY asked_at LIMIT 1").fetchall()
    for number, (request, address) in enumerate(((ours, "198.51.100.1"), ("req_stolen", STRANGER))):
        yield orjson.dumps(
            {
                "id": f"activity_access_{number}",
                "created_at": format_time(NOW - timedelta(minutes=20)),
                "type": "compliance_api_accessed",
                "actor": {
                    "type": "api_actor",
                    "api_key_id": "apikey_ours",
                    "ip_address": address,
                    "user_agent": "curl/8",
                },
                "request_id": request,
                "request_method": "GET",
                "status_code": 200,
                "url": "https://api.anthropic.com/v1/compliance/activities",
            }
        )


def enemies() -> Iterator[bytes]:
    """Yield activities of the last hours in which every text is an attack."""
    for number, evil in enumerate(EVIL):
        for other, kind in enumerate(("sso_login_failed", "claude_artifact_viewed", "mcp_tool_called", evil[:200])):
            told = _enemy(evil, kind, 10 * number + other)
            yield orjson.dumps({**told, "created_at": format_time(NOW - timedelta(minutes=5 + 7 * number + other))})
    yield orjson.dumps({**_enemy(SCRIPT, "admin_api_key_created", 900), "created_at": "1969-07-20T20:17:40Z"})
    yield orjson.dumps({**_enemy(IMAGE, "admin_api_key_created", 901), "created_at": "1969-07-20T20:17:41Z"})
    for number, edge in enumerate(("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"), 902):
        yield orjson.dumps({**_enemy(SQL, "admin_api_key_created", number), "created_at": edge})


def _enemy(evil: str, kind: str, number: int) -> dict[str, Any]:
    names = ("mcp_server_id", "mcp_server_name", "session_id", "claude_chat_id", "workspace_id", "api_key_id")
    texts: Iterable[str] = (*names, "claude_project_id", "title", "name", "filename", "role", "reason", "tool_name")
    return {
        "id": f"activity_enemy_{number}",
        "organization_id": f"org_{evil}",
        "organization_uuid": evil,
        "actor": {
            "type": "user_actor",
            "email_address": f"{evil}@evil.example",
            "user_id": f"user_{evil}",
            "ip_address": "203.0.113.66" if number % 2 else evil,
            "user_agent": evil,
        },
        "type": kind,
        **dict.fromkeys(texts, evil),
        "url": f"javascript:alert(1)//{evil}",
        "unheard_of": {evil[:100]: evil, "list": [evil, {"deep": evil}]},
        "updates": [{"name": evil, "previous_value": evil, "new_value": evil}],
    }
