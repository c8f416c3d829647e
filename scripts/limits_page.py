"""The page of every bound: from the constants in the code, with what happens beyond."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib import import_module
from typing import Final

from pydantic import BaseModel

from anthropic_audit.settings import SINKS
from anthropic_audit.times import format_duration

PACKAGE: Final = "anthropic_audit"


@dataclass(frozen=True)
class Limit:
    """A bound, and what happens beyond it."""

    what: str
    constant: str
    """The module below the package, and the name in it."""
    unit: str
    beyond: str

    @property
    def value(self) -> object:
        """What the code says."""
        module, _, name = self.constant.rpartition(".")
        return getattr(import_module(f"{PACKAGE}.{module}"), name)


LIMITS: Final[Mapping[str, Sequence[Limit]]] = {
    "What the feed answers": (
        Limit(
            "Page of activities",
            "feed.client.MAX_PAGE_BYTES",
            "bytes",
            "its activities are asked for in smaller numbers",
        ),
        Limit("Answer with one activity", "feed.client.MAX_ACTIVITY_BYTES", "bytes", "it can't be collected"),
        Limit("Activities that wait to be stored", "feed.walk.STORE_BYTES", "bytes", "they are stored at once"),
        Limit("Empty pages in a row", "feed.reading.MAX_EMPTY_PAGES", "", "the window is given up, and not claimed"),
        Limit("Activities at one moment", "feed.reading.MAX_AT_ONE_MOMENT", "", "the window is given up, as above"),
        Limit("Id, type, organization", "feed.decode.MAX_ID_CHARS", "characters", "taken for unreadable, and marked"),
        Limit(
            "Value in an activity of invalid JSON",
            "feed.lenient_json.MAX_VALUE_BYTES",
            "bytes",
            "no id, type or time",
        ),
        Limit("Cursor", "feed.decode.MAX_CURSOR_CHARS", "characters", "not used; the reading goes on by time"),
        Limit("`request-id`", "feed.responses.MAX_REQUEST_ID_CHARS", "characters", "cut"),
        Limit(
            "`Retry-After`",
            "retry_after.MAX_RETRY_AFTER_SECONDS",
            "seconds",
            "the wait is that long, and the message says what was asked for",
        ),
        Limit("Limit or remainder of a budget", "feed.budget.MAX_REQUESTS", "requests", "not believed"),
        Limit("Error text of the API that is quoted", "feed.responses._MAX_MESSAGE_CHARS", "characters", "cut"),
        Limit("Wait for the request budget", "feed.budget._MAX_WAIT_SECONDS", "seconds", "no wait is longer"),
    ),
    "Activities and events": (
        Limit(
            "Activity that is normalized",
            "normalize.limits.MAX_ACTIVITY_BYTES",
            "bytes",
            "the event has its id, type and time, and `error.message` says why",
        ),
        Limit(
            "Batch of rows larger than 4 KiB on average",
            "archive.large_values.MIN_BATCH_BYTES",
            "bytes",
            "written in row groups of their own size",
        ),
        Limit(
            "Row group of such a batch",
            "archive.large_values.GROUP_BYTES",
            "bytes",
            "one value each, uncompressed",
        ),
        Limit(
            "Nesting of a value in an event",
            "normalize.limits.MAX_DEPTH",
            "levels",
            "what lies deeper is kept as its own text; the archive keeps the bytes as received",
        ),
        Limit(
            "Nesting of a document that becomes an OCSF event",
            "normalize.limits.MAX_DOCUMENT_DEPTH",
            "levels",
            "what lies deeper is kept as its JSON text",
        ),
        Limit("Integer that is read as a number", "normalize.limits.MAX_INTEGER_DIGITS", "digits", "kept as a text"),
        Limit(
            "Undocumented name",
            "normalize.limits.MAX_NAME_CHARS",
            "characters",
            "a digest; the name stands in full [beside it](limits.md#names-of-fields)",
        ),
        Limit("Address", "normalize.limits.MAX_ADDRESS_CHARS", "characters", "`source.address`, and no IP address"),
        Limit(
            "Actor, URL or type that is remembered",
            "normalize.limits.MAX_REMEMBERED_CHARS",
            "characters",
            "normalized like others",
        ),
        Limit(
            "Value of a change that is told",
            "normalize.changes._MAX_VALUE_CHARS",
            "characters",
            "cut in the telling only",
        ),
        Limit("Value in a sentence", "normalize.sentences._MAX_VALUE_CHARS", "characters", "cut in the sentence only"),
        Limit("Text that is read as a time", "timestamps.MAX_TEXT_CHARS", "characters", "it is no time"),
        Limit(
            "User agent that is taken apart", "enrich.user_agents._MAX_PARSED_CHARS", "characters", "its beginning is"
        ),
        Limit("Sightings of what the catalogue lacks", "catalogue.drift.MAX_SIGHTINGS", "", "counted, not listed"),
    ),
    "Settings": (
        Limit("Settings file", "settings_loader.load.MAX_FILE_CHARS", "characters", "refused, exit code 2"),
        Limit("Nesting of tables and lists", "settings_loader.load.MAX_DEPTH", "levels", "refused, exit code 2"),
        Limit("Problems in one message", "settings_loader.load.MAX_PROBLEMS", "", "the rest is counted"),
        Limit("Any duration", "settings.section.MAX_DURATION", "", "refused, exit code 2"),
        Limit("Timeout of a request", "settings.section.MAX_TIMEOUT", "", "refused, exit code 2"),
        Limit("Feeds", "settings.tree.MAX_FEEDS", "", "refused, exit code 2"),
        Limit("Sinks", "settings.tree.MAX_SINKS", "", "refused, exit code 2"),
        Limit("Processors", "settings.tree.MAX_PROCESSORS", "", "refused, exit code 2"),
    ),
    "Search": (
        Limit("Query", "search.kql.MAX_QUERY_CHARS", "characters", "refused, exit code 2 (console: 400)"),
        Limit("Nesting of a query", "search.kql.MAX_QUERY_DEPTH", "levels", "refused, exit code 2 (console: 400)"),
        Limit("Wrong value in a message", "search.conditions.MAX_QUOTED_CHARS", "characters", "cut"),
        Limit(
            "Document in which words are sought in values alone",
            "search.sql.LARGE_DOCUMENT_BYTES",
            "bytes",
            "words are sought in all of its text",
        ),
    ),
    "Command line": (
        Limit(
            "Cell of a table", "cli.output.MAX_CELL_CHARS", "characters", "cut with `…`; JSON and NDJSON have it whole"
        ),
        Limit("Error message", "cli.failures.MAX_MESSAGE_CHARS", "characters", "cut; its length is told"),
        Limit(
            "Line of `normalize`",
            "cli.normalize.MAX_LINE_BYTES",
            "bytes",
            "an event that says so and keeps the beginning; the lines after it are normalized",
        ),
    ),
    "Console": (
        Limit("Address of a request", "console.auth.middleware.MAX_TARGET_BYTES", "bytes", "414"),
        Limit("Body of a request", "console.auth.middleware.MAX_BODY_BYTES", "bytes", "413"),
        Limit("Filters", "console.url_query.MAX_FILTERS", "", "400"),
        Limit("Fields of each event that a query reads", "console.url_query.MAX_QUERY_WEIGHT", "", "400"),
        Limit("Bars of a chart", "console.url_query.MAX_BUCKETS", "", "the bars are wider"),
        Limit("Columns beside the usual ones", "console.views.explore.MAX_COLUMNS", "", "400"),
        Limit("Value on a page", "console.truncation.MAX_VALUE_CHARS", "characters", "cut; the rest is counted"),
        Limit("Document or raw bytes on a page", "console.truncation.MAX_TEXT_CHARS", "characters", "cut, as above"),
        Limit("Fields of an event on its page", "console.truncation.MAX_FIELDS", "", "the first ones are shown"),
        Limit("Levels of objects that a page takes apart", "console.truncation.MAX_FIELD_DEPTH", "", "shown as text"),
        Limit("Value that becomes a link", "console.truncation.MAX_LINKED_CHARS", "characters", "shown without a link"),
        Limit("Exports of a session", "console.export_slots.MAX_PER_SESSION", "at a time", "the next one waits"),
        Limit("Exports in all", "console.export_slots.MAX_RUNNING", "at a time", "the next one waits"),
    ),
    "Sinks": (
        Limit("Reason of a rejection", "archive.deliveries._MAX_REASON_CHARS", "characters", "cut"),
        Limit("Answer of a target", "sinks.http_client._MAX_ANSWER_BYTES", "bytes", "the batch is sent again later"),
    ),
}

_INTRODUCTION: Final = (
    "Everything that comes from outside has a bound: sizes, depths, numbers, lists.",
    "[Limits](limits.md) tells what becomes of names, ids and times that a target would refuse; numbers are only here.",
    "What an API serves is kept as received whatever it is; a bound decides what is made of it, and what is shown.",
)


def limits_page() -> str:
    """List every bound."""
    lines = ["# Bounds, part by part", "", *_INTRODUCTION]
    for title, limits in LIMITS.items():
        lines += ["", f"## {title}", "", "| what | limit | beyond it | constant |", "|---|---|---|---|"]
        lines += [f"| {one.what} | {written(one)} | {one.beyond} | `{one.constant}` |" for one in limits]
        if title == "Sinks":
            lines += ["", *_sink_lines()]
    return "\n".join([*lines, ""])


def written(limit: Limit) -> str:
    """Write a bound with its unit."""
    value = limit.value
    text = format_duration(value) if isinstance(value, timedelta) else f"{value:,}"
    return f"{text} {limit.unit}".strip()


def _sink_lines() -> list[str]:
    """List the settings by which each kind of sink bounds what it sends."""
    lines = [
        "An event over `max_event_bytes` is rejected without being sent: it is kept in `rejected` with the reason,",
        "`anthropic-audit sinks` counts it, and `sinks retry` sends it after the setting was raised.",
        "What a target itself refuses as too large (413) is sent in halves until one event is left, which is rejected.",
        "",
        "| sink | `batch_events` | `batch_bytes` | `max_event_bytes` |",
        "|---|---|---|---|",
    ]
    for name, settings in SINKS.items():
        fields: Mapping[str, BaseModel] = settings.model_fields  # type: ignore[assignment] # of field infos
        values = (fields[field].default for field in ("batch_events", "batch_bytes", "max_event_bytes"))  # type: ignore[attr-defined]
        lines.append(f"| {name} | {' | '.join(f'{value:,}' for value in values)} |")
    return lines
