"""Unexpected errors: each ends one unit of work, is reported once with its traceback, and is counted."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import orjson
import pytest
from tests.collecting import NOTHING_WRONG, NOW, House, settings

from anthropic_audit.archive import open_writer
from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer
from anthropic_audit.errors import ArchiveError, FatalError, InterruptedRunError, UnexpectedError
from anthropic_audit.follow import NormalizeRules
from anthropic_audit.model import Page, Purpose, Query, Window
from anthropic_audit.progress import Normalized, Progress, Unexpected
from anthropic_audit.service import (
    Collector,
    HealthServer,
    HistoryReader,
    HistoryRules,
    ServiceMetrics,
    UnexpectedErrors,
    alive,
    readiness,
    safely,
)
from anthropic_audit.testing import FakeClock

SECRET = "sk-ant-api01-TEST0123456789abcdefghijklmnop"


class Bewitched:
    """A feed that raises an unexpected error."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        self._error = error

    def read_page(self, _: Query) -> Page:
        raise self._error()


def too_deep() -> Exception:
    try:
        return too_deep()
    except RecursionError as error:
        return error


ERRORS: list[Callable[[], Exception]] = [
    lambda: KeyError("data"),
    lambda: OverflowError("Python int too large to convert to C int"),
    MemoryError,
    lambda: RecursionError("maximum recursion depth exceeded"),
    lambda: UnicodeEncodeError("utf-8", "\ud83d", 0, 1, "surrogates not allowed"),
    lambda: OSError(24, "Too many open files"),
    lambda: ValueError("Exceeds the limit (4300 digits) for integer string conversion"),
]


@pytest.mark.parametrize("error", ERRORS)
def test_a_feed_that_fails_unforeseen_ends_its_round_and_no_other(
    tmp_path: Path, error: Callable[[], Exception]
) -> None:
    house = House(tmp_path, settings(history=timedelta(hours=6)))
    good, bad = house.feed("acme"), house.feed("globex")

    outcomes = house.collect(good, replace(bad, feed=Bewitched(error)))

    assert [one.exit_code for one in outcomes] == [0, 1]
    assert isinstance(outcomes[1].error, UnexpectedError)
    assert house.missing() == NOTHING_WRONG
    (told,) = [one for one in house.told if isinstance(one, Unexpected)]
    assert told.work == "feed globex"
    assert any("in read_page" in line or "read_page" in line for line in told.traceback)
    assert told.traceback[-1] == type(error()).__name__


def test_a_feed_in_trouble_is_tried_again_less_and_less_often(tmp_path: Path) -> None:
    house = House(tmp_path, settings(history=timedelta(hours=6)))
    bad = house.feed("globex")
    until = NOW + timedelta(hours=3)

    def error() -> Exception:
        if house.clock.now() > until:
            house.clock.interrupt()
        return KeyError("data")

    bad = replace(bad, feed=Bewitched(error))
    with house.collector() as collector:
        with suppress(InterruptedRunError):
            collector.follow([bad])
        persistent = collector.unexpected.persistent
    assert persistent == {"feed globex": "KeyError"}
    pauses = [one for one in house.clock.waited if one > 0]
    assert max(pauses) >= 3 * min(pauses), "it is tried less and less often"


def test_a_range_of_history_ends_with_what_no_one_foresaw(tmp_path: Path) -> None:
    house = House(tmp_path, settings())
    told: list[Progress] = []
    run = replace(house.feed(), background=Bewitched(lambda: KeyError("data")))

    with open_writer(str(tmp_path), house.clock) as archive:
        history = HistoryReader(run, archive, house.clock, rules=HistoryRules(Purpose.BACKFILL, 2), watch=told.append)
        done = history.read(Window(NOW - timedelta(days=2), NOW), lambda: None)

    assert isinstance(done.error, UnexpectedError)
    assert done.left, "what was not read is left"
    assert next(one.in_a_row for one in told if isinstance(one, Unexpected)) == 1


class Broken(Normalizer):
    """A normalizer that raises an unexpected error twice."""

    failures = 2

    def refresh(self) -> None:
        if self.failures:
            self.failures -= 1
            msg = "list index out of range"
            raise IndexError(msg)
        super().refresh()


def test_normalizing_that_fails_keeps_no_activity_from_the_archive_and_is_tried_again(tmp_path: Path) -> None:
    house = House(tmp_path, settings(history=timedelta(hours=6)))
    run = house.feed()
    with open_writer(str(tmp_path), house.clock) as archive:
        collector = Collector(
            archive, house.clock, normalizer=Broken(load()), rules=NormalizeRules(), watch=house.told.append
        )
        outcomes = collector.once([run])
        outcomes = collector.once([run]) if outcomes[0].error else outcomes

    assert outcomes[0].exit_code == 0
    assert house.missing() == NOTHING_WRONG
    assert any(isinstance(one, Normalized) for one in house.told)


def test_the_traceback_is_told_once_a_row_and_five_in_a_row_make_us_unready(tmp_path: Path) -> None:
    told: list[Progress] = []
    errors = UnexpectedErrors(told.append)

    for _ in range(5):
        assert not errors.persistent
        errors.note("sink main", KeyError("data"))

    unexpected = [one for one in told if isinstance(one, Unexpected)]
    assert [bool(one.traceback) for one in unexpected] == [True, False, False, False, False]
    assert [one.in_a_row for one in unexpected] == [1, 2, 3, 4, 5]
    assert errors.persistent == {"sink main": "KeyError"}
    house = House(tmp_path, settings(history=timedelta(hours=6)))
    run = house.feed()
    house.collect(run)
    with open_writer(str(tmp_path), house.clock) as archive:
        assert readiness(archive, [run.settings], NOW).status == 200
        unready = readiness(archive, [run.settings], NOW, errors.persistent)
    assert unready.status == 503
    assert orjson.loads(unready.body)["unexpected_errors"] == {"sink main": "KeyError"}


@pytest.mark.parametrize("between", ["success", "another kind", "foreseen"])
def test_a_row_ends_with_whatever_else_happens(between: str) -> None:
    errors = UnexpectedErrors(lambda _: None)
    for _ in range(4):
        errors.note("chore compact", KeyError("data"))

    match between:
        case "success":
            errors.clear("chore compact")
        case "another kind":
            errors.note("chore compact", IndexError())
        case _:
            errors.note("chore compact", ArchiveError("the disk is full"))
    errors.note("chore compact", KeyError("data"))

    assert not errors.persistent


def test_what_was_foreseen_is_not_counted_as_unforeseen() -> None:
    told: list[Progress] = []
    error = FatalError("the key is revoked")

    assert UnexpectedErrors(told.append).note("feed acme", error) is error
    assert told == []


class Unspeakable(Exception):  # noqa: N818 - its name is beside the point
    """An error whose `str` fails."""

    def __str__(self) -> str:
        raise ValueError


def test_reports_hold_no_secret_and_no_endless_text_and_never_fail() -> None:
    told: list[Progress] = []
    errors = UnexpectedErrors(told.append)

    said = [
        str(errors.note("feed a", ValueError(SECRET))),
        str(errors.note("feed b", ValueError("x" * 10**6))),
        str(errors.note("feed c", Unspeakable())),
        str(errors.note("feed d", too_deep())),
    ]

    assert SECRET not in repr(told) + repr(said)
    assert all(len(one) < 700 for one in said)
    assert all(len(one.traceback) < 40 for one in told if isinstance(one, Unexpected))


def test_a_watch_that_fails_ends_nothing() -> None:
    def fail(_: Progress) -> None:
        raise OSError(28, "No space left on device")

    safely(fail)(Unexpected("feed acme", "KeyError", "KeyError", 1))
    figures = ServiceMetrics(safely(fail), FakeClock(NOW))
    figures.watch(Unexpected("feed acme", "KeyError", "KeyError", 1))

    assert isinstance(UnexpectedErrors(fail).note("feed acme", KeyError("data")), UnexpectedError)


def test_a_health_page_that_fails_answers_and_leaves_the_others(capfd: pytest.CaptureFixture[str]) -> None:
    def broken() -> object:
        raise KeyError

    told: list[Progress] = []
    pages = {"/healthz": alive, "/metrics": broken}
    with HealthServer(0, pages, UnexpectedErrors(told.append)) as server:  # type: ignore[arg-type] # it fails
        answers = [httpx2.get(f"{server.url}{path}", trust_env=False) for path in ("/metrics", "/healthz")]

    assert [one.status_code for one in answers] == [500, 200]
    assert "KeyError" in answers[0].json()["error"]
    assert [one.work for one in told if isinstance(one, Unexpected)] == ["health page /metrics"]
    assert "Traceback" not in capfd.readouterr().err
