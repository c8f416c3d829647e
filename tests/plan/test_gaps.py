"""The ledger of gaps, compared with sets of whole minutes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.model import Purpose, Window
from anthropic_audit.plan import Due, Gap, GapEntry, GapState, Spans, gap_changes, read_gaps, without_permanent

START = datetime(2026, 11, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LATE = 30 * MINUTE


def at(minute: int) -> datetime:
    return START + minute * MINUTE


def window(start: int, end: int) -> Window:
    return Window(at(start), at(end))


def spans(*pairs: tuple[int, int]) -> Spans:
    return Spans.of(window(*pair) for pair in pairs)


def changes(
    covered: Spans, now: int, known: list[GapEntry] | None = None, cause: str | None = None
) -> list[tuple[str, Window, str]]:
    found = gap_changes(covered, at(now), known or [], lag_limit=LATE, cause=cause)
    return [(entry.state.value, entry.window, entry.cause) for entry in found]


def opened(start: int, end: int, *, minute: int = 0, cause: str = "503") -> GapEntry:
    return GapEntry(window(start, end), GapState.OPENED, at(minute), cause, "collector")


def closed(start: int, end: int, *, minute: int = 0) -> GapEntry:
    return GapEntry(window(start, end), GapState.CLOSED, at(minute), "walked", "gap")


def declared(start: int, end: int, *, minute: int = 0) -> GapEntry:
    return GapEntry(window(start, end), GapState.PERMANENT, at(minute), "keys were lost", "alice")


def test_nothing_is_missing_before_anything_is_covered() -> None:
    assert changes(Spans(), 500) == []


def test_a_hole_opens_a_gap_with_the_last_failure_as_its_cause() -> None:
    covered = spans((0, 10), (20, 60))

    assert changes(covered, 61, cause="the feed answered 503") == [("opened", window(10, 20), "the feed answered 503")]


def test_a_hole_that_nothing_explains_was_not_walked() -> None:
    assert changes(spans((0, 10), (20, 60)), 61) == [("opened", window(10, 20), "not walked")]


@pytest.mark.parametrize(("now", "expected"), [(90, []), (91, [("opened", window(60, 91), "not walked")])])
def test_a_tail_is_a_gap_when_it_is_late(now: int, expected: list[tuple[str, Window, str]]) -> None:
    assert changes(spans((0, 60)), now) == expected


def test_a_clock_that_stands_behind_the_coverage_opens_nothing() -> None:
    assert changes(spans((0, 60)), 20) == []


def test_what_is_covered_now_is_closed() -> None:
    assert changes(spans((0, 60)), 61, [opened(10, 20)]) == [("closed", window(10, 20), "walked")]


def test_a_gap_that_is_walked_in_part_closes_in_part() -> None:
    covered = spans((0, 10), (12, 14), (20, 60))
    known = [opened(10, 20)]

    found = gap_changes(covered, at(61), known, lag_limit=LATE, cause=None)
    gaps = read_gaps([*known, *found])

    assert [(entry.state, entry.window) for entry in found] == [(GapState.CLOSED, window(12, 14))]
    assert [gap.window for gap in gaps.opened] == [window(10, 12), window(14, 20)]
    assert [gap.window for gap in gaps.closed] == [window(12, 14)]


def test_a_gap_that_grew_is_opened_again_with_its_new_end_and_its_first_time() -> None:
    known = [opened(60, 91, minute=91, cause="503")]

    found = gap_changes(spans((0, 60)), at(130), known, lag_limit=LATE, cause="401")
    (gap,) = read_gaps([*known, *found]).opened

    assert [entry.window for entry in found] == [window(60, 130)]
    assert (gap.window, gap.opened_at, gap.cause) == (window(60, 130), at(91), "401")


def test_a_gap_that_grew_keeps_its_cause_when_nothing_new_is_known() -> None:
    assert changes(spans((0, 60)), 130, [opened(60, 91, cause="503")]) == [("opened", window(60, 130), "503")]


def test_a_gap_that_grew_a_little_is_left_as_it_is() -> None:
    assert changes(spans((0, 60)), 100, [opened(60, 91)]) == []


def test_a_long_outage_takes_few_entries() -> None:
    known: list[GapEntry] = []

    for minute in range(0, 7 * 24 * 60, 5):
        known += gap_changes(spans((-60, 0)), at(minute), known, lag_limit=LATE, cause="503")

    assert len(known) < 60
    assert [gap.window.start for gap in read_gaps(known).opened] == [at(0)]


def test_a_gap_that_closed_piece_by_piece_is_one_closed_gap() -> None:
    known = [opened(10, 40), closed(10, 20, minute=50), closed(20, 40, minute=55)]

    (gap,) = read_gaps(known).closed

    assert (gap.window, gap.cause, gap.ended_at, gap.ended_by) == (window(10, 40), "503", at(55), "gap")


def test_gaps_that_opened_at_different_times_stay_apart_when_they_are_closed() -> None:
    known = [opened(10, 20, minute=21), opened(20, 30, minute=35), closed(10, 30, minute=50)]

    assert [gap.window for gap in read_gaps(known).closed] == [window(10, 20), window(20, 30)]


def test_an_entry_says_when_and_by_whom_it_was_recorded() -> None:
    known = [opened(30, 40)]

    found = gap_changes(spans((0, 10), (20, 60)), at(61), known, lag_limit=LATE, cause=None)

    assert found == [
        GapEntry(window(30, 40), GapState.CLOSED, at(61), "walked", "collector"),
        GapEntry(window(10, 20), GapState.OPENED, at(61), "not walked", "collector"),
    ]


def test_a_ledger_reads_as_gaps_with_all_that_was_recorded() -> None:
    gaps = read_gaps([opened(10, 20, minute=21), closed(10, 12, minute=30), declared(30, 40, minute=50)])

    assert gaps.opened == (Gap(window(12, 20), GapState.OPENED, at(21), "503"),)
    assert gaps.closed == (Gap(window(10, 12), GapState.CLOSED, at(21), "503", at(30), "gap"),)
    assert gaps.permanent == (Gap(window(30, 40), GapState.PERMANENT, at(50), "keys were lost", ended_by="alice"),)


def test_gaps_that_touch_are_two() -> None:
    one, other = opened(10, 20, minute=21), opened(20, 30, minute=35, cause="401")

    assert [gap.window for gap in read_gaps([one, other]).opened] == [window(10, 20), window(20, 30)]
    assert read_gaps([other, one]) == read_gaps([one, other])


def test_what_was_declared_lost_is_neither_opened_nor_closed() -> None:
    known = [opened(10, 20), declared(10, 20)]

    assert changes(spans((0, 10), (20, 60)), 61, known) == []
    assert changes(spans((0, 60)), 61, known) == []
    assert read_gaps(known).opened == ()


def test_the_rest_of_a_gap_stays_open_when_a_part_is_declared_lost() -> None:
    gaps = read_gaps([opened(10, 20), declared(12, 15)])

    assert gaps.missing == spans((10, 12), (15, 20))
    assert gaps.lost == spans((12, 15))
    assert (gaps.permanent[0].cause, gaps.permanent[0].ended_by) == ("keys were lost", "alice")


def test_what_was_declared_lost_is_not_walked() -> None:
    due = [Due(window(10, 20), Purpose.GAP), Due(window(50, 60), Purpose.TAIL)]

    left = list(without_permanent(due, [opened(10, 20), declared(12, 15), declared(40, 70)]))

    assert left == [Due(window(10, 12), Purpose.GAP), Due(window(15, 20), Purpose.GAP)]


@dataclass
class Story:
    """The history of one feed: time passes, windows are walked, spans are declared permanent gaps."""

    now: int = 200
    covered: Spans = field(default_factory=Spans)
    known: list[GapEntry] = field(default_factory=list)
    declared: Spans = field(default_factory=Spans)

    def walk(self, start: int, length: int) -> None:
        self.covered |= spans((start, start + length))

    def declare(self, start: int, length: int) -> None:
        self.known.append(declared(start, start + length, minute=self.now))
        self.declared |= spans((start, start + length))

    def pass_time(self, back: int, length: int) -> None:
        self.now += length * 4 - back // 20

    def settle(self) -> None:
        self.known += gap_changes(self.covered, at(self.now), self.known, lag_limit=LATE, cause=None)


steps = st.lists(
    st.tuples(
        st.sampled_from(["walk", "walk", "declare", "pass_time", "settle"]), st.integers(0, 300), st.integers(1, 60)
    ),
    max_size=25,
)


def story_of(happened: list[tuple[str, int, int]]) -> Story:
    story = Story()
    for name, start, length in happened:
        if name == "settle":
            story.settle()
        else:
            getattr(story, name)(start, length)
    story.settle()
    return story


@given(steps)
def test_once_the_changes_are_recorded_there_are_none(happened: list[tuple[str, int, int]]) -> None:
    story = story_of(happened)

    assert gap_changes(story.covered, at(story.now), story.known, lag_limit=LATE, cause="another failure") == []


@given(steps)
def test_every_hole_is_in_an_open_gap_or_lost(happened: list[tuple[str, int, int]]) -> None:
    story = story_of(happened)

    gaps = read_gaps(story.known)

    assert not story.covered.holes - gaps.missing - gaps.lost


@given(steps)
def test_nothing_covered_and_nothing_lost_is_in_an_open_gap(happened: list[tuple[str, int, int]]) -> None:
    story = story_of(happened)

    gaps = read_gaps(story.known)

    assert not gaps.missing & story.covered
    assert not gaps.missing & gaps.lost


@given(steps)
def test_open_gaps_do_not_overlap_each_other(happened: list[tuple[str, int, int]]) -> None:
    gaps = read_gaps(story_of(happened).known)

    lengths = sum((gap.window.end - gap.window.start for gap in gaps.opened), timedelta(0))
    assert lengths == gaps.missing.length


@given(steps)
def test_what_was_declared_is_lost_for_good_and_nothing_else_is(happened: list[tuple[str, int, int]]) -> None:
    story = story_of(happened)

    assert read_gaps(story.known).lost == story.declared


@given(steps)
def test_walking_all_that_is_due_leaves_no_open_gap(happened: list[tuple[str, int, int]]) -> None:
    story = story_of(happened)
    due = [Due(one, Purpose.GAP) for one in read_gaps(story.known).missing]

    for one in without_permanent(due, story.known):
        story.covered |= Spans((one.window,))
    story.settle()

    assert read_gaps(story.known).missing - Spans((Window(story.covered.end or START, at(10_000)),)) == Spans()


@given(steps)
def test_every_closed_gap_was_open_and_is_covered(happened: list[tuple[str, int, int]]) -> None:
    story = story_of(happened)

    closed_gaps = Spans.of(gap.window for gap in read_gaps(story.known).closed)
    ever_open = Spans.of(entry.window for entry in story.known if entry.state is GapState.OPENED)

    assert not closed_gaps - story.covered
    assert not closed_gaps - ever_open
