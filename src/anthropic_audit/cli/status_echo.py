"""Print echoes of our own requests, and other clients' requests, for `status`."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console

from anthropic_audit.status.echoes import Accesses, Echo, Spender
from anthropic_audit.times import format_duration, format_time

_MAX_LISTED = 5


def print_accesses(out: Console, found: Accesses) -> None:
    """Print echoes, the clients with most requests, and requests with our keys that we did not send."""
    for echo in found.echoes:
        out.print(f"{echo.feed}: {_heard(echo)}", markup=False)
    if any(not one.is_ours for one in found.spenders):
        clients = ", ".join(f"{_who(one)} {one.requests:,}" for one in found.spenders[:_MAX_LISTED])
        out.print(f"requests to the Compliance API in the last day: {clients}", markup=False)
    for stranger in found.strangers[-_MAX_LISTED:]:
        where = f"{stranger.source_ip or 'an unknown address'} ({stranger.user_agent or 'no user agent'})"
        out.print(
            f"NOT OURS: {stranger.key} was used at {format_time(stranger.at)} from {where}: "
            "if this is not one of your tools, disable the key",
            markup=False,
            style="bold red",
        )


def accesses_as_json(found: Accesses) -> Mapping[str, object]:
    """Return the same as JSON values."""
    return {
        "echoes": [
            {
                "feed": one.feed,
                "asked": one.asked,
                "heard": one.heard,
                "typical_seconds": one.typical and one.typical.total_seconds(),
                "longest_seconds": one.longest and one.longest.total_seconds(),
            }
            for one in found.echoes
        ],
        "spenders": [
            {"who": one.who, "user_agent": one.user_agent, "requests": one.requests, "is_ours": one.is_ours}
            for one in found.spenders
        ],
        "strangers": [
            {
                "at": format_time(one.at),
                "key": one.key,
                "source_ip": one.source_ip,
                "user_agent": one.user_agent,
                "request_id": one.request_id,
            }
            for one in found.strangers
        ],
    }


def _heard(echo: Echo) -> str:
    if echo.is_silent:
        return f"SILENT: no echo of our {echo.asked:,} requests of the last day: the feed is silent or broken"
    after = "" if echo.typical is None else f", typically within {format_duration(echo.typical)}"
    return f"alive: echoes of {echo.heard:,} of our {echo.asked:,} requests of the last day{after}"


def _who(one: Spender) -> str:
    return "ours" if one.is_ours else f"{one.who} ({one.user_agent})" if one.user_agent else one.who
