"""Write the seeds of the corpora: `python -m tests.fuzz.seeds`; other files of the corpora stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from random import Random
from typing import Any, Final

from tests.fuzz.mutate import ODD_TIMES
from tests.fuzz.targets import CORPUS

from anthropic_audit.catalogue import load
from anthropic_audit.simulator.world import World, WorldSettings

Json = Any

_KINDS: Final = (
    "claude_chat_created",
    "sso_login_failed",
    "claude_user_role_updated",
    "org_security_control_attestation_updated",
    "compliance_api_accessed",
    "platform_workspace_updated",
    "marketplace_webhook_provisioned",
)
_HEAD: Final = b'{"id":"activity_1","created_at":"2026-05-22T09:00:00Z","type":"claude_chat_created"'
_ODD_PARTS: Final = {
    "lone-surrogate": b'"claude_chat_id":"\\ud83d"',
    "lone-surrogate-in-a-name": b'"\\ud83d":"a"',
    "not-utf-8": b'"claude_chat_id":"\xff"',
    "nan": b'"n":NaN',
    "infinity": b'"n":[Infinity,-Infinity]',
    "leading-zero": b'"n":01',
    "raw-tab": b'"claude_chat_id":"a\tb"',
    "nul-in-a-name": b'"metadata":{"a\\u0000b":1}',
    "deep-20": b'"x":' + b"[" * 20 + b"]" * 20,
    "deep-1100": b'"x":' + b"[" * 1100 + b"]" * 1100,
    "deep-objects-1100": b'"x":' + b'{"a":' * 1100 + b"1" + b"}" * 1100,
    "deep-5000": b'"x":' + b"[" * 5000 + b"]" * 5000,
    "long-number": b'"n":' + b"9" * 5000,
    "tiny-number": b'"n":1e-400',
    "huge-number": b'"n":1e999',
    "fraction-in-a-long": b'"seats":3.5',
    "password-in-a-url": b'"url":"https://user:pa/ss@host:99999/p?q#f"',
    "ipv6-with-a-zone": b'"actor":{"type":"user_actor","ip_address":"fe80::1%eth0"}',
    "actor-id-that-is-a-number": b'"actor":{"type":"user_actor","user_id":42}',
    "actor-that-is-a-list": b'"actor":[{"type":"user_actor"}]',
    "type-twice": b'"type":"claude_chat_viewed"',
    "long-name": b'"' + b"a" * 5000 + b'":1',
    "many-members": b",".join(b'"m%d":%d' % (number, number) for number in range(500)),
    "controls": '"claude_chat_id":"\u202e\u2066\u200b"'.encode(),
}
_ODD_TIMES: Final = (*ODD_TIMES, "2026-05-22 09:00:00")
_TEXTS: Final[dict[str, dict[str, bytes]]] = {
    "kql": {
        "usual": b"event.outcome : failure and not (user.email : *@acme.example or source.ip : 10.0.0.0/8)",
        "words": b'alice "bob smith" *olf*',
        "comparison": b"http.response.status_code >= 400 and @timestamp > now-1h/d",
        "values": b'event.action : ("sso_*" or api_key_created) and anthropic.audit.metadata.kind : "Zo\\u00eb"',
        "pattern-of-fields": b"user.* : alice*",
        "nested-51": b"(" * 51 + b"a" + b")" * 51,
        "not-51": b"not " * 51 + b"a",
        "quotes-open": b'user.email : "a',
        "surrogate": b"user.email : \xff",
        "decomposed": "e\u0301 : Zoe\u0308".encode(),
        "many-values": b"event.id : (" + b" or ".join(b"a%d" % number for number in range(300)) + b")",
        "long-number": b"seq > " + b"9" * 400,
        "infinite": b"seq > 1e999 or seq : nan",
    },
    "filters": {
        "usual": b"event.action=sso_*\nalice\n24h",
        "network": b"source.ip=10.0.0.0/8\n\n",
        "number": b"http.response.status_code>=400\n\nnow-7d/d",
        "unequal": b"user.email!=*@acme.example",
        "time": b"@timestamp>now-1h",
        "long-number": b"seq>" + b"9" * 400,
        "infinite": b"seq>=inf",
        "nul": b"user.email=a\x00b\n\x00",
        "surrogate": b"user.email=\xff\n\xff",
    },
    "settings": {
        "usual": b'archive = "a"\n[[feeds]]\nname = "acme"\napi_key_env = "KEY"\ninterval = "5m"\n',
        "sinks": b'[[sinks]]\nto = "ndjson"\nname = "n"\nfolder = "out"\n[[sinks]]\nto = "elasticsearch"\nname = "e"\nurl = "https://h:9200"\n',
        "processors": b'[[processors]]\ndo = "drop_events"\nwhen = { "event.action" = "*_viewed" }\n',
        "console": b'[console]\nport = 8000\nsession = "12h"\n[[console.users]]\nname = "a"\npassword_hash = "x"\nrole = "viewer"\n',
        "environment": b"\x00ANTHROPIC_AUDIT_ARCHIVE=a\nANTHROPIC_AUDIT_FEEDS__ACME__INTERVAL=1m\nANTHROPIC_AUDIT_SERVICE__PORT=0",
        "deep-list": b"x = " + b"[" * 3000 + b"]" * 3000,
        "deep-table": b"x = " + b"{a=" * 1500 + b"1" + b"}" * 1500,
        "deep-name": b".".join([b"a"] * 3000) + b" = 1",
        "deep-environment": b"\x00ANTHROPIC_AUDIT_FEEDS__ACME__TAGS=" + b"[" * 3000 + b"]" * 3000,
        "long-number": b"[[feeds]]\nbatch_size = " + b"9" * 5000,
        "long-duration": b'[[feeds]]\ninterval = "' + b"9" * 400 + b'd"',
        "many-feeds": b"[[feeds]]\n" * 300,
        "infinite": b"[[feeds]]\nbatch_size = inf\ninterval = nan\n",
    },
    "times": {
        name: text.encode()
        for name, text in {
            "duration": "1h30m",
            "parts": "0.5ms1w",
            "math": "now-7d/d",
            "ahead": "now+90s/M",
            "date": "2026-11-23",
            "zone": "2026-11-23T09:00:00.123456+14:00",
            "first": "0001-01-01T00:00:00+14:00",
            "last": "9999-12-31T23:59:59.999999Z",
            "leap": "2026-05-22T09:00:60Z",
            "midnight": "2026-05-22T24:00:00Z",
            "long": "9" * 400 + "d",
            "long-start": "now-" + "9" * 30 + "w/y",
            "other-digits": "٣d",
            "many-parts": "1s" * 3000,
        }.items()
    },
    "answers": {
        "page": b'200\nrequest-id: r\ndate: Mon, 23 Nov 2026 12:00:00 GMT\n\n{"data":[],"has_more":false,"first_id":null,"last_id":null}',
        "busy": b'429\nretry-after: 3\n\n{"error":{"type":"rate_limit_error","message":"slow"}}',
        "busy-of-26-digits": b"429\nretry-after: " + b"9" * 26 + b"\n\n",
        "busy-until-a-date": b"503\nretry-after: Mon, 23 Nov 2026 12:01:00 GMT\ndate: Mon, 23 Nov 2026 12:00:00 GMT\n\n",
        "budget": b"200\nanthropic-ratelimit-requests-limit: 600\nanthropic-ratelimit-requests-remaining: 0\n"
        b'anthropic-ratelimit-requests-reset: 2026-11-23T12:00:30Z\n\n{"data":[],"has_more":false,"first_id":null,"last_id":null}',
        "budget-of-2-to-the-63": b"200\nanthropic-ratelimit-requests-limit: 9223372036854775808\nanthropic-ratelimit-requests-remaining: "
        + b"9" * 400
        + b"\nanthropic-ratelimit-requests-reset: 9999-12-31T23:59:59-14:00\n\n",
        "long-cursor": b'200\n\n{"data":[],"has_more":true,"first_id":null,"last_id":"' + b"a" * 10_000 + b'"}',
        "long-request-id": b"200\nrequest-id: " + b"r" * 10_000 + b"\n\n",
        "denied": b'403\nrequest-id: r\n\n{"error":{"type":"permission_error","message":"no"}}',
        "proxy": b"407\nproxy-authenticate: Basic\n\n<html>",
        "odd-date": b'200\ndate: Mon, 99 Nov 99999 12:00:00 GMT\n\n{"data":[],"has_more":false}',
    },
    "console": {
        "explore": b"/explore?from=now-7d&q=event.action%20:%20sso_*",
        "events": b"/api/events?from=now-30d&sort=-event.action&columns=user.email,source.ip",
        "values": b"/api/values?field=user.email&from=now-30d",
        "over-time": b"/api/over-time?from=0001-01-01T00:00:00Z&to=9999-12-31T23:59:59Z",
        "after": b"/api/events?after=999999999999999999.1&from=now-30d",
        "entity": b"/entity/user/a%2Fb%00",
        "entity-part": b"/api/entity/latest/user/x?from=now-30d",
        "event": b"/event/1",
        "event-last": b"/event/31",
        "export": b"/export/csv?from=now-30d&columns=user.email",
        "completions": b"/api/completions?text=user.em",
        "not-utf-8": b"/explore?q=%ff%fe",
    },
}


def main() -> None:
    """Write all seeds."""
    for target, seeds in _TEXTS.items():
        for name, content in seeds.items():
            _write(target, name, content)
    for name, raw in _activities():
        for target in ("normalize", "ocsf"):
            _write(target, name, raw)
        _write("page", name, b'{"data":[' + raw + b'],"has_more":false,"first_id":"a","last_id":"b"}')
    good = _HEAD + b"}"
    for name, part in _ODD_PARTS.items():
        middle = _HEAD + b"," + part + b"}"
        _write("page", f"between-{name}", b'{"data":[' + b",".join((good, middle, good)) + b'],"has_more":true}')
    for name, body in {
        "empty": b"",
        "no-object": b"[1]",
        "error": b'{"data":[],"error":{"type":"x"},"has_more":false}',
    }.items():
        _write("page", name, body)


def _activities() -> Iterator[tuple[str, bytes]]:
    catalogue = load()
    world = World(WorldSettings(), catalogue)
    for kind in _KINDS:
        actor = catalogue.types[kind].actors[0]
        yield kind, json.dumps(world.example(kind, actor, Random(kind))).encode()
    for name, part in _ODD_PARTS.items():
        yield name, _HEAD + b"," + part + b"}"
    for number, when in enumerate(_ODD_TIMES):
        yield f"time-{number}", _HEAD.replace(b"2026-05-22T09:00:00Z", when.encode()) + b"}"
    yield "no-object", b'["a"]'
    yield "unknown-type", b'{"id":"a","type":"new_thing_made","created_at":"2026-05-22T09:00:00Z","new":{"a":[1,null]}}'


def _write(target: str, name: str, content: bytes) -> None:
    folder = CORPUS / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(content)


if __name__ == "__main__":
    main()
