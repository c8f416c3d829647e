"""Composition of a report's sections from gathered values; pure except for the charts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from anthropic_audit import __version__
from anthropic_audit.charts import specs as charts
from anthropic_audit.charts.render import NARROW, WIDE, svg
from anthropic_audit.query import FIRST_SEEN, Bucket
from anthropic_audit.times import format_duration

from .blocks import (
    Align,
    Block,
    Chart,
    Figure,
    FigureRow,
    Pair,
    Report,
    ReportSection,
    ReportTable,
    Share,
    TableColumn,
    Text,
)
from .coverage_section import completeness
from .gather import (
    ACTION,
    ACTOR,
    COUNTRY,
    NETWORK,
    ORGANIZATION,
    ORGANIZATION_NAME,
    OUTCOME,
    PROGRAM,
    USER,
    FirstSeenGroup,
    Gathered,
    Ranked,
    Ranking,
)
from .text import change, counted, moment, percent, plain, second

_COUNTRIES = 15
_NOTHING = "No such events in the period."


def compose(found: Gathered) -> Report:
    """Return the report of gathered values."""
    scope = found.scope
    since, until = scope.period.since, scope.period.until
    sections = [completeness(found)]
    if found.now.events:
        sections += [ReportSection(title, tuple(blocks(found))) for title, blocks in _SECTIONS]
    else:
        sections.append(ReportSection("The period", (Text(_empty(found)),)))
    sections.append(ReportSection("About this report", tuple(_about(found))))
    return Report(
        title=plain(scope.title),
        period=f"{moment(since)} to {moment(until)} UTC",
        facts=tuple(_facts(found)),
        sections=tuple(sections),
        foot=f"{plain(scope.title, 60)} · {moment(since)} to {moment(until)} UTC",
        made_at=scope.now,
    )


def _facts(found: Gathered) -> Iterator[tuple[str, str]]:
    scope = found.scope
    names = [one.value for one in found.rankings[ORGANIZATION_NAME].values]
    numbers = found.rankings[ORGANIZATION]
    listed = [one.value for one in numbers.values]
    more = f" and {numbers.distinct - len(listed):,} more" if numbers.distinct > len(listed) else ""
    values = [", ".join(names), ", ".join(listed) + more]
    yield "Organizations", "; ".join(one for one in values if one) or "none recorded"
    length = format_duration(scope.period.until - scope.period.since)
    yield "Period", f"{second(scope.period.since)} to {second(scope.period.until)} UTC ({length})"
    yield "Created", f"{second(scope.now)} UTC by anthropic-audit {__version__}"
    yield "Archive", found.archive
    if scope.written:
        yield "Query", plain(scope.written, 1000)
    if found.is_masked:
        yield (
            "Personal data",
            "masked: a value has the same word throughout this report, and another word in every other one",
        )


def _empty(found: Gathered) -> str:
    what = "that matches the query" if found.scope.written else "of this period"
    if found.window is None:
        return "The period has not begun: there are no events to report."
    return f"The archive has no event {what}. The first section shows whether the period was collected."


def _figures(found: Gathered) -> Iterator[Block]:
    rows = (
        ("Events", "events"),
        ("Users", "people"),
        ("Addresses", "addresses"),
        ("Failures", "failures"),
        ("Critical", "critical"),
        ("Unknown types or fields", "unknown"),
    )
    values = [(title, getattr(found.now, name), getattr(found.before, name)) for title, name in rows]
    yield FigureRow(
        tuple(Figure(title, f"{now:,}", f"{change(now, before)}; {before:,} before") for title, now, before in values)
    )
    before = found.scope.period.before
    note = f"'Before' is the previous period of the same length: {moment(before.since)} to {moment(before.until)} UTC."
    if found.before_share is not None and found.before_share < 1:
        note += f" Only {percent(found.before_share)} of it was collected, so comparisons are unreliable."
    yield Text(note)


def _activity(found: Gathered) -> Iterator[Block]:
    yield _over_time(found, found.over_time, "Events over time, by category")
    yield Text(_busiest(found.over_time))


def _over_time(found: Gathered, buckets: Sequence[Bucket], title: str) -> Chart:
    period = found.scope.period
    span = (period.since.timestamp() * 1000, period.until.timestamp() * 1000)
    spec = charts.over_time(buckets, period.step, span, title=title, utc=True)
    step = format_duration(period.step)
    return Chart(f"{title}; each bar is {step}", svg(spec, WIDE), f"{title}. {_busiest(buckets)}")


def _busiest(buckets: Iterable[Bucket]) -> str:
    events: dict[str, int] = {}
    by_time: dict[str, int] = {}
    for one in buckets:
        events[one.value or charts.NOTHING] = events.get(one.value or charts.NOTHING, 0) + one.events
        by_time[moment(one.start)] = by_time.get(moment(one.start), 0) + one.events
    if not by_time:
        return _NOTHING
    most = max(by_time, key=lambda start: by_time[start])
    largest = sorted(events, key=lambda value: (-events[value], value))[:3]
    values = ", ".join(f"{value} ({events[value]:,})" for value in largest)
    return f"The bar from {most} UTC has the most events, {by_time[most]:,}. Most frequent values: {values}."


def _actions(found: Gathered) -> Iterator[Block]:
    ranking = found.rankings[ACTION]
    columns = (TableColumn("Action", weight=3), TableColumn("Description", weight=5))
    yield _ranked("Most frequent actions", ranking, found.now.events, columns, with_about=True)


def _users(found: Gathered) -> Iterator[Block]:
    yield _ranked("Most active users", found.rankings[USER], found.now.events, (TableColumn("User"),))
    columns = (TableColumn("Actor type", weight=3), TableColumn("Description", weight=5))
    yield _ranked("Actor types", found.rankings[ACTOR], found.now.events, columns, with_about=True)


def _places(found: Gathered) -> Iterator[Block]:
    countries = found.rankings[COUNTRY]
    if countries.values:
        spec = charts.world([(one.value, one.events) for one in countries.values], title="Source countries")
        largest = ", ".join(charts.country_name(one.value) for one in countries.values[:3])
        yield Chart("Countries, by the number of events", svg(spec, WIDE), f"A map. Most events come from: {largest}.")
        top = countries.values[:_COUNTRIES]
        named = Ranking(tuple(_with_name(one) for one in top), countries.distinct, countries.without)
        yield _ranked("Countries", named, found.now.events, (TableColumn("Country"),))
    else:
        yield Text("No event has a source country: enrichment with an address database is not set up.")
    networks, programs = found.rankings[NETWORK], found.rankings[PROGRAM]
    if networks.values and programs.values:
        yield Pair(_bars("Networks", networks, NARROW), _bars("User agents", programs, NARROW))
    elif networks.values or programs.values:
        yield _bars("Networks", networks, WIDE) if networks.values else _bars("User agents", programs, WIDE)
    for what, ranking in (("network", networks), ("user agent", programs)):
        if not ranking.values:
            yield Text(f"No event has a {what}.")


def _with_name(one: Ranked) -> Ranked:
    name = charts.country_name(one.value)
    return Ranked(name if name == one.value else f"{name} ({one.value})", one.events, one.before)


def _bars(title: str, ranking: Ranking, width: int) -> Chart:
    values = [(f"{one.value} · {one.events:,}", one.events) for one in ranking.values]
    listed = ", ".join(f"{one.value} ({one.events:,})" for one in ranking.values)
    more = f", the first {len(values)} of {ranking.distinct:,}" if ranking.distinct > len(values) else ""
    return Chart(f"{title}{more}", svg(charts.ranking(values, title=title), width), f"{title}: {listed}.")


def _outcomes(found: Gathered) -> Iterator[Block]:
    yield _ranked("Outcomes", found.rankings[OUTCOME], found.now.events, (TableColumn("Outcome"),))
    if found.failures.values:
        columns = (TableColumn("Action", weight=3), TableColumn("Description", weight=5))
        yield _ranked("Failed actions", found.failures, found.now.failures, columns, with_about=True)
    failed = sum(one.events for one in found.failed_sign_ins)
    if not failed:
        yield Text("No sign-in failed.")
        return
    yield _over_time(found, found.failed_sign_ins, "Failed sign-ins over time")
    yield Text(f"{counted(failed, 'event')} of the category authentication had the outcome failure.")
    yield Pair(
        _counts("Failed sign-ins by user", found.failed_users, "User"),
        _counts("Failed sign-ins by address", found.failed_addresses, "Address"),
    )


def _counts(title: str, ranking: Ranking, heading: str) -> ReportTable:
    columns = (TableColumn(heading), TableColumn("Times", Align.NUMBER), TableColumn("Before", Align.NUMBER))
    rows = tuple((one.value, f"{one.events:,}", f"{one.before:,}") for one in ranking.values)
    return ReportTable(title, columns, rows, _left_out(ranking))


def _firsts(found: Gathered) -> Iterator[Block]:
    days = format_duration(found.history)
    if found.history < found.scope.period.until - found.scope.period.since:
        yield Text(f"The archive covers only {days} before the period: the listed values may have occurred earlier.")
    else:
        yield Text(f"Compared with the {days} before the period that the archive covers.")
    nothing = [title for field, title in FIRST_SEEN.items() if not found.firsts[field].values]
    for field, title in FIRST_SEEN.items():
        if found.firsts[field].values:
            yield _first(title, found.firsts[field], is_country=field == COUNTRY)
    if nothing:
        yield Text(f"No first occurrences of: {', '.join(nothing)}.")


def _first(title: str, firsts: FirstSeenGroup, *, is_country: bool) -> ReportTable:
    columns = (
        TableColumn("Value"),
        TableColumn("First, UTC", Align.TIME),
        TableColumn("Events", Align.NUMBER),
    )
    rows = tuple(
        (charts.country_name(one.value) if is_country else one.value, moment(one.first), f"{one.events:,}")
        for one in firsts.values
    )
    more = firsts.total - len(rows)
    return ReportTable(title, columns, rows, f"{more:,} more occurred earlier in the period." if more > 0 else "")


def _critical(found: Gathered) -> Iterator[Block]:
    if not found.critical:
        yield Text("No critical event happened in the period.")
        return
    columns = (TableColumn("Action", weight=3), TableColumn("Description", weight=5))
    yield _ranked("Critical events by action", found.critical_actions, found.now.critical, columns, with_about=True)
    rows = tuple((one.at, one.sentence, one.source, f"{one.seq}") for one in found.critical)
    more = found.now.critical - len(rows)
    note = f"These are the newest {len(rows):,}; {more:,} more happened earlier in the period." if more > 0 else ""
    titles = (
        TableColumn("Time, UTC", Align.TIME),
        TableColumn("Event", weight=3),
        TableColumn("Source"),
        TableColumn("No.", Align.NUMBER),
    )
    yield ReportTable("Critical events, newest first", titles, rows, note)
    yield Text("No. is the event's number in the archive (`seq`).")


def _notable(found: Gathered) -> Iterator[Block]:
    if not found.notable_actions.values:
        yield Text("Administrators, keys and settings were not changed in the period.")
        return
    total = sum(one.events for one in found.notable_actions.values)
    columns = (TableColumn("Action", weight=3), TableColumn("Description", weight=5))
    yield _ranked("Changes by action", found.notable_actions, total, columns, with_about=True)


def _ranked(
    title: str, ranking: Ranking, total: int, columns: tuple[TableColumn, ...], *, with_about: bool = False
) -> ReportTable:
    """Return a ranking as a table: values, numbers of events, shares, and numbers in the previous period."""
    titles = (
        *columns,
        TableColumn("Events", Align.NUMBER),
        TableColumn("Share", Align.SHARE),
        TableColumn("Before", Align.NUMBER),
    )
    most = max((one.events for one in ranking.values), default=1)
    rows = tuple(
        (
            one.value,
            *((one.about,) if with_about else ()),
            f"{one.events:,}",
            Share(percent(one.events / total), one.events / most),
            f"{one.before:,}",
        )
        for one in ranking.values
    )
    return ReportTable(title, titles, rows, _left_out(ranking))


def _left_out(ranking: Ranking) -> str:
    """Return a note on the values and events that a ranking leaves out."""
    more = ranking.distinct - len(ranking.values)
    notes = [f"{counted(more, 'more value')} occurred less often."] if more > 0 else []
    notes += [f"{counted(ranking.without, 'event')} without a value."] if ranking.without else []
    return " ".join(notes)


def _about(found: Gathered) -> Iterator[Block]:
    records = found.kept
    yield Text(
        "Activities are collected from the Activity Feed of Anthropic's Compliance API, window by window. A window "
        "counts as covered only after its last page was stored; each activity is stored once, however often it arrives."
    )
    waiting = records.activities - records.events
    text = f"For the period, the archive has {counted(records.activities, 'activity', 'activities')} as received"
    text += f" and {counted(records.events, 'event')} made from them"
    text += f"; {waiting:,} activities are not yet normalized." if waiting > 0 else "."
    if records.removed:
        text += f" Retention has removed {counted(records.removed, 'activity', 'activities')} of these days."
    yield Text(text)
    yield Text(
        "The bytes of each activity are kept as they were received, with their SHA-256. `anthropic-audit archive "
        "verify` computes every digest again and says whether any byte has changed, and `anthropic-audit export "
        "--what activities` writes the received bytes."
    )
    yield Text(
        f"Events are the activities in the Elastic Common Schema, by catalogue {found.catalogue_version}, which also "
        "defines which are critical or notable. All numbers are counts of events; all times are UTC. The report was "
        "made from one snapshot of the archive; activities stored later are not included."
    )


_SECTIONS = (
    ("Key figures", _figures),
    ("Events over time", _activity),
    ("Actions", _actions),
    ("Users and actors", _users),
    ("Sources", _places),
    ("Outcomes and failed sign-ins", _outcomes),
    ("First occurrences", _firsts),
    ("Critical events", _critical),
    ("Changes to administrators, keys and settings", _notable),
)
