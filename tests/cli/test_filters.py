"""Groups of activity types in the filters of feeds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from anthropic_audit.application.feed_filters import query_length, warnings, with_types
from anthropic_audit.catalogue import load
from anthropic_audit.errors import SetupError
from anthropic_audit.model import Coverage
from anthropic_audit.settings import FeedSettings, Settings

Run = Callable[..., Result]


def settings(**feed: Any) -> Settings:
    return Settings(feeds=(FeedSettings(name="acme", **feed),))


def test_a_feed_is_asked_for_the_types_that_a_group_stands_for() -> None:
    (feed,) = with_types(settings(activity_types=("keys/*_deleted", "sso_login_failed"))).feeds

    assert {"admin_api_key_deleted", "sso_login_failed"} < set(feed.filters.activity_types) <= set(load().types)


def test_a_feed_is_asked_for_all_but_a_group() -> None:
    (feed,) = with_types(settings(exclude_activity_types=("*_viewed",))).feeds

    assert "claude_chat_viewed" in feed.filters.exclude_activity_types
    assert feed.filters.activity_types == ()


def test_a_group_and_its_types_are_the_same_filters() -> None:
    (group,) = with_types(settings(activity_types=("vendor/*",))).feeds
    (names,) = with_types(settings(activity_types=("cmek_preserve", "anthropic_access"))).feeds

    assert group.filters.key() == names.filters.key()


def test_settings_without_groups_stay_as_they_are() -> None:
    plain = settings(activity_types=("anthropic_access", "cmek_preserve"), actor_ids=("user_1",))

    assert with_types(plain) == plain


def test_a_group_that_nobody_knows_is_refused_with_its_feed() -> None:
    with pytest.raises(SetupError, match="feed acme: there is no group of activity types `auht`"):
        with_types(settings(activity_types=("auht/*",)))


def test_a_type_that_nobody_knows_is_warned_of_and_asked_for() -> None:
    feeds = settings(activity_types=("sso_login_suceeded", "claude_orbit_created_zzz"))

    assert warnings(feeds)[0] == (
        "feed acme: unknown activity type `sso_login_suceeded`, did you mean `sso_login_succeeded`?"
    )
    assert len(warnings(feeds)) == 2
    assert set(with_types(feeds).feeds[0].activity_types) == set(feeds.feeds[0].activity_types)


def test_the_length_of_a_filter_is_that_in_the_address() -> None:
    assert query_length("activity_types", ("a", "b")) == len("activity_types%5B%5D=a&activity_types%5B%5D=b")


@pytest.fixture
def grouped(tmp_path: Path) -> Path:
    """A settings file whose feed selects a group."""
    file = tmp_path / "anthropic-audit.toml"
    file.write_text('[[feeds]]\nname = "acme"\napi_key_env = "KEY"\nactivity_types = ["vendor/*"]\n')
    return file


@pytest.mark.usefixtures("grouped")
def test_status_finds_the_coverage_of_a_group_by_its_types(
    run: Run, make_archive: Callable[..., Path], walks: Callable[..., Coverage]
) -> None:
    filters = '{"activity_types":["anthropic_access","cmek_preserve"]}'
    make_archive([], [walks(timedelta(days=1), timedelta(minutes=5), filters=filters)])

    (feed,) = json.loads(run("status", "--format", "json").stdout)["feeds"]

    assert feed["is_configured"] is True


def test_collecting_a_group_that_nobody_knows_ends_before_anything_is_asked(run: Run, grouped: Path) -> None:
    grouped.write_text(grouped.read_text().replace("vendor/*", "vendors/*"))

    result = run("collect", env={"KEY": "sk-ant-api01-TESTTESTTEST"})

    assert result.exit_code == 2
    assert "did you mean `vendor/*`?" in result.stderr
