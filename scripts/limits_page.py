"""The reference page of all limits, from the constants in the code, with the effect of exceeding each."""

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
    """A limit, and the effect of exceeding it."""

    what: str
    constant: str
    """The constant's module below the package, and its name."""
    unit: str
    beyond: str

    @property
    def value(self) -> object:
        """The value of the constant."""
        module, _, name = self.constant.rpartition(".")
        return getattr(import_module(f"{PACKAGE}.{module}"), name)


LIMITS: Final[Mapping[str, Sequence[Limit]]] = {
    "Responses of the feed": (
        Limit(
            "Page of activities",
            "feed.client.MAX_PAGE_BYTES",
            "bytes",
            "its activities are requested in smaller pages",
        ),
        Limit(
            "Response with one activity", "feed.client.MAX_ACTIVITY_BYTES", "bytes", "the activity can't be collected"
        ),
        Limit("Activities waiting to be stored", "feed.walk.STORE_BYTES", "bytes", "they are stored at once"),
        Limit("Empty pages in a row", "feed.reading.MAX_EMPTY_PAGES", "", "the walk fails; the window is not claimed"),
        Limit("Activities at one moment", "feed.reading.MAX_AT_ONE_MOMENT", "", "the walk fails, as above"),
        Limit("Id, type, organization", "feed.decode.MAX_ID_CHARS", "characters", "treated as unreadable, and flagged"),
        Limit(
            "Value in an activity of invalid JSON",
            "feed.lenient_json.MAX_VALUE_BYTES",
            "bytes",
            "not used as id, type or time",
        ),
        Limit("Cursor", "feed.decode.MAX_CURSOR_CHARS", "characters", "ignored; reading continues by time"),
        Limit("`request-id`", "feed.responses.MAX_REQUEST_ID_CHARS", "characters", "cut"),
        Limit(
            "`Retry-After`",
            "retry_after.MAX_RETRY_AFTER_SECONDS",
            "seconds",
            "the wait ends after this time; the message states the requested one",
        ),
        Limit("Limit or remainder of a budget", "feed.budget.MAX_REQUESTS", "requests", "ignored"),
        Limit("Error text of the API in a message", "feed.responses._MAX_MESSAGE_CHARS", "characters", "cut"),
        Limit(
            "Wait for the request budget", "feed.budget._MAX_WAIT_SECONDS", "seconds", "the wait ends after this time"
        ),
    ),
    "Activities and events": (
        Limit(
            "Activity to normalize",
            "ecs.limits.MAX_ACTIVITY_BYTES",
            "bytes",
            "the event has id, type and time, and the reason in `error.message`",
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
            "ecs.limits.MAX_DEPTH",
            "levels",
            "deeper values are stored as text; the archive keeps the bytes as received",
        ),
        Limit(
            "Nesting of a document to convert to an OCSF event",
            "ecs.limits.MAX_DOCUMENT_DEPTH",
            "levels",
            "deeper values are stored as JSON text",
        ),
        Limit("Integer", "ecs.limits.MAX_INTEGER_DIGITS", "digits", "stored as text"),
        Limit(
            "Undocumented field name",
            "ecs.limits.MAX_NAME_CHARS",
            "characters",
            "replaced by a digest; the event also has [the full name](limits.md#names-of-fields)",
        ),
        Limit(
            "Address",
            "ecs.limits.MAX_ADDRESS_CHARS",
            "characters",
            "stored in `source.address`, not as an IP address",
        ),
        Limit(
            "Actor, URL or type in a cache",
            "ecs.limits.MAX_REMEMBERED_CHARS",
            "characters",
            "normalized without the cache",
        ),
        Limit(
            "Value of a change, as text",
            "ecs.changes._MAX_VALUE_CHARS",
            "characters",
            "cut in the text of the change only",
        ),
        Limit("Value in a sentence", "ecs.sentences._MAX_VALUE_CHARS", "characters", "cut in the sentence only"),
        Limit("Text of a time", "timestamps.MAX_TEXT_CHARS", "characters", "not read as a time"),
        Limit("User agent", "enrich.user_agents._MAX_PARSED_CHARS", "characters", "only the beginning is parsed"),
        Limit("Entries that the catalogue lacks", "catalogue.drift.MAX_SIGHTINGS", "", "counted, not listed"),
    ),
    "Settings": (
        Limit("Settings file", "settings_loader.load.MAX_FILE_CHARS", "characters", "refused, exit code 2"),
        Limit("Nesting of tables and lists", "settings_loader.load.MAX_DEPTH", "levels", "refused, exit code 2"),
        Limit("Problems in one message", "settings_loader.load.MAX_PROBLEMS", "", "the message counts the rest"),
        Limit("Any duration", "settings.section.MAX_DURATION", "", "refused, exit code 2"),
        Limit("Timeout of a request", "settings.section.MAX_TIMEOUT", "", "refused, exit code 2"),
        Limit("Feeds", "settings.tree.MAX_FEEDS", "", "refused, exit code 2"),
        Limit("Sinks", "settings.tree.MAX_SINKS", "", "refused, exit code 2"),
        Limit("Processors", "settings.tree.MAX_PROCESSORS", "", "refused, exit code 2"),
    ),
    "Search": (
        Limit("Query", "query.kql.MAX_QUERY_CHARS", "characters", "refused, exit code 2 (console: 400)"),
        Limit("Nesting of a query", "query.kql.MAX_QUERY_DEPTH", "levels", "refused, exit code 2 (console: 400)"),
        Limit("Wrong value in a message", "query.conditions.MAX_QUOTED_CHARS", "characters", "cut"),
        Limit(
            "Document whose values are searched for words",
            "query.sql.LARGE_DOCUMENT_BYTES",
            "bytes",
            "its whole text is searched",
        ),
    ),
    "Command line": (
        Limit(
            "Cell of a table", "cli.output.MAX_CELL_CHARS", "characters", "cut with `…`; complete in JSON and NDJSON"
        ),
        Limit("Error message", "cli.failures.MAX_MESSAGE_CHARS", "characters", "cut; the message states its length"),
        Limit(
            "Line of `ecs`",
            "cli.normalize.MAX_LINE_BYTES",
            "bytes",
            "an event with the reason and the beginning of the line; the following lines are normalized",
        ),
    ),
    "Console": (
        Limit("Address of a request", "console.auth.middleware.MAX_TARGET_BYTES", "bytes", "414"),
        Limit("Body of a request", "console.auth.middleware.MAX_BODY_BYTES", "bytes", "413"),
        Limit("Filters", "console.url_query.MAX_FILTERS", "", "400"),
        Limit("Fields of each event that a query reads", "console.url_query.MAX_QUERY_WEIGHT", "", "400"),
        Limit("Time buckets of a chart", "console.url_query.MAX_BUCKETS", "", "the buckets are longer"),
        Limit("Additional columns", "console.views.explore.MAX_COLUMNS", "", "400"),
        Limit("Value on a page", "console.truncation.MAX_VALUE_CHARS", "characters", "cut; the page counts the rest"),
        Limit("Document or raw bytes on a page", "console.truncation.MAX_TEXT_CHARS", "characters", "cut, as above"),
        Limit("Fields of an event on its page", "console.truncation.MAX_FIELDS", "", "the first ones are shown"),
        Limit("Nesting of objects on a page", "console.truncation.MAX_FIELD_DEPTH", "levels", "shown as text"),
        Limit("Value that becomes a link", "console.truncation.MAX_LINKED_CHARS", "characters", "shown without a link"),
        Limit("Exports of a session", "console.export_slots.MAX_PER_SESSION", "at a time", "the next one waits"),
        Limit("Exports in all", "console.export_slots.MAX_RUNNING", "at a time", "the next one waits"),
    ),
    "Sinks": (
        Limit("Reason of a rejection", "archive.deliveries._MAX_REASON_CHARS", "characters", "cut"),
        Limit("Response of a target", "sinks.http_client._MAX_ANSWER_BYTES", "bytes", "the batch is sent again later"),
    ),
}

_INTRODUCTION: Final = (
    "All input has limits: sizes, depths, numbers, lengths of lists.",
    "[Limits](limits.md) describes the treatment of names, ids and times that a target would refuse.",
    "The archive keeps every collected activity as received; a limit only affects its event and its display.",
)


def limits_page() -> str:
    """Return the page of all limits."""
    lines = ["# Bounds, by component", "", *_INTRODUCTION]
    for title, limits in LIMITS.items():
        lines += ["", f"## {title}", "", "| input | limit | effect beyond it | constant |", "|---|---|---|---|"]
        lines += [f"| {one.what} | {written(one)} | {one.beyond} | `{one.constant}` |" for one in limits]
        if title == "Sinks":
            lines += ["", *_sink_lines()]
    return "\n".join([*lines, ""])


def written(limit: Limit) -> str:
    """Return a limit as text, with its unit."""
    value = limit.value
    text = format_duration(value) if isinstance(value, timedelta) else f"{value:,}"
    return f"{text} {limit.unit}".strip()


def _sink_lines() -> list[str]:
    """Return the table of the settings that limit batches and events, by kind of sink."""
    lines = [
        "An event over `max_event_bytes` is rejected without being sent: the table `rejected` has it with the reason,",
        "`anthropic-audit sinks` counts it, and `sinks retry` sends it after you raise the setting.",
        "A batch that a target refuses as too large (413) is sent in halves, down to one event, which is rejected.",
        "",
        "| sink | `batch_events` | `batch_bytes` | `max_event_bytes` |",
        "|---|---|---|---|",
    ]
    for name, settings in SINKS.items():
        fields: Mapping[str, BaseModel] = settings.model_fields  # type: ignore[assignment] # of field infos
        values = (fields[field].default for field in ("batch_events", "batch_bytes", "max_event_bytes"))  # type: ignore[attr-defined]
        lines.append(f"| {name} | {' | '.join(f'{value:,}' for value in values)} |")
    return lines
