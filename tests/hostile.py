"""Activities of sizes, depths and numbers that no honest server sends, mixed with ordinary ones."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from anthropic_audit.times import format_time

GOOD: Final = 12
"""The number of ordinary activities."""

_ACTOR: Final = (
    '{"type":"user_actor","email_address":"alice@acme.example","user_id":"user_alice","ip_address":"203.0.113.5"}'
)
_MANY: Final = 2_000
_MEGABYTE: Final = 1_000_000


def _parts() -> Mapping[str, str]:
    """Return the odd JSON member of each odd activity, by name; id, time, type and actor are added later."""
    return {
        **{f"list-{depth}": f'"x":{"[" * depth}{"]" * depth}' for depth in (100, 1_100, 100_000, _MEGABYTE)},
        **{f"object-{depth}": '"x":' + '{"a":' * depth + "1" + "}" * depth for depth in (100, 300, 1_100, 100_000)},
        "members": ",".join(f'"member_{number}":"v"' for number in range(_MANY)),
        "metadata": '"metadata":{' + ",".join(f'"member_{number}":"v"' for number in range(_MANY)) + "}",
        "digits": f'"n":{"9" * 100_000}',
        "digits-in-a-status": f'"status_code":{"9" * 100_000}',
        "exponent": '"n":1e999,"m":-1e999,"status_code":1e999',
        "name": f'"{"n" * _MEGABYTE}":1',
        "names": '"metadata":{"":1,"a.b":2,"\\u0000":3,".":4,"*":5,"\\u202e":6}',
        "value": f'"claude_chat_id":"{"v" * 5 * _MEGABYTE}"',
        "list": '"scopes":[' + ",".join(f'"s{number}"' for number in range(_MANY)) + "]",
        "updates": '"updates":[' + ",".join(f'{{"name":"n{n}","new_value":"b"}}' for n in range(_MANY)) + "]",
        "identifiers": ",".join(f'"n{number}_id":"value_{number}"' for number in range(500)),
    }


def activities(now: datetime) -> dict[str, bytes]:
    """Return activities by id, ordinary and odd ones in turn, from the last hour before `now`, oldest first."""
    odd = [(f"odd-{name}", f'"type":"claude_chat_created","actor":{_ACTOR},{part}') for name, part in _parts().items()]
    long_actor = (
        f'{{"type":"user_actor","email_address":"{"e" * _MEGABYTE}","user_id":"{"u" * _MEGABYTE}",'
        f'"ip_address":"{"1" * _MEGABYTE}","user_agent":"Mozilla/5.0 ({"x" * _MEGABYTE}"}}'
    )
    odd += [
        ("odd-type", f'"type":"{"t" * _MEGABYTE}","actor":{_ACTOR}'),
        ("odd-actor", f'"type":"claude_chat_created","actor":{long_actor}'),
    ]
    good = [(f"good-{number}", f'"type":"sso_login_succeeded","actor":{_ACTOR}') for number in range(GOOD)]
    mixed = [one for pair in zip(odd, [*good, *good], strict=False) for one in dict.fromkeys(pair)]
    found = dict(mixed) | dict(odd) | dict(good)
    start = now - timedelta(minutes=50)
    return {
        identity: (
            f'{{"id":"{identity}","created_at":"{format_time(start + timedelta(seconds=30 * place))}",{text}}}'
        ).encode()
        for place, (identity, text) in enumerate(found.items())
    }
