"""Laws that make the world believable, over days of its activities."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.simulator.world import World, WorldSettings

MONDAY = 29_691_360
"""The minute, since the epoch, in which a Monday of 2026 began, UTC."""
DAY = 1440
DAYS = 12
Activity = dict[str, Any]


@cache
def world() -> World:
    return World(WorldSettings(activities_per_day=1600.0, people=60), load())


@cache
def month() -> tuple[Activity, ...]:
    minutes = range(MONDAY, MONDAY + DAYS * DAY)
    return tuple(json.loads(row.raw) for minute in minutes for row in world().rows(minute))


@cache
def storyline_ids() -> frozenset[str]:
    stories = world().storylines(MONDAY - 20 * DAY, MONDAY + DAYS * DAY)
    return frozenset(name for story in stories for name in story.activity_ids)


def ordinary() -> Iterator[Activity]:
    return (one for one in month() if one["id"] not in storyline_ids())


def test_a_chat_is_created_once_and_stays_in_its_project() -> None:
    created = Counter(one["claude_chat_id"] for one in month() if one["type"] == "claude_chat_created")
    projects: defaultdict[str, set[str | None]] = defaultdict(set)
    for one in month():
        if one["type"] in {"claude_chat_created", "claude_chat_viewed", "claude_chat_updated"}:
            projects[one["claude_chat_id"]].add(one["claude_project_id"])

    assert max(created.values()) == 1
    assert [chat for chat, found in projects.items() if len(found) > 1] == []


def test_nothing_is_done_to_a_chat_before_it_is_created_or_after_it_is_deleted() -> None:
    created = {one["claude_chat_id"]: one["created_at"] for one in month() if one["type"] == "claude_chat_created"}
    deleted = {one["claude_chat_id"]: one["created_at"] for one in month() if one["type"] == "claude_chat_deleted"}
    touched = [(one["claude_chat_id"], one["created_at"]) for one in ordinary() if one.get("claude_chat_id")]

    assert [chat for chat, when in touched if when < created.get(chat, "")] == []
    assert [chat for chat, when in touched if when > deleted.get(chat, "9")] == []


def test_people_use_chats_and_programs_use_the_platform() -> None:
    kinds = {
        one["actor"]["type"]
        for one in month()
        if one["type"].startswith(("claude_chat_", "claude_file_", "claude_project_", "claude_artifact_", "cowork_"))
    }

    assert kinds == {"user_actor"}


def test_the_compliance_api_is_only_read_by_known_keys() -> None:
    accesses = [one for one in month() if one["type"] == "compliance_api_accessed"]

    assert {one["request_method"] for one in accesses} == {"GET"}
    assert all(one["url"].startswith("https://api.anthropic.com/v1/compliance/") for one in accesses)
    assert len({one["actor"]["api_key_id"] for one in accesses}) == 1


def test_what_vendors_do_is_rare_and_work_is_most_of_it() -> None:
    counts = Counter(one["type"] for one in month())
    rare = ("anthropic_access", "cmek_preserve", "account_migration_completed", "abuse_decision_received")
    work = ("claude_chat_", "claude_file_", "claude_project_", "claude_artifact_", "ccr_session_", "cowork_")

    assert sum(counts[name] for name in rare) <= 3
    assert sum(count for name, count in counts.items() if name.startswith(work)) > 0.7 * sum(counts.values())
    assert counts["claude_chat_viewed"] > counts["claude_chat_created"] > counts["claude_file_uploaded"]


def test_administration_is_done_by_administrators() -> None:
    administrators = {one.id for one in world().organization.administrators}
    prefixes = ("org_", "rbac_", "group_", "mcp_server_created", "claude_organization_", "claude_user_role_")
    own = ("org_join_", "org_user_invite_accepted", "org_user_left")
    strangers = {
        (one["type"], one["actor"]["email_address"])
        for one in month()
        if one["type"].startswith(prefixes)
        and not one["type"].startswith(own)
        and one["actor"]["type"] == "user_actor"
        and one["actor"]["user_id"] not in administrators
    }

    assert strangers == set()


@cache
def years_of_changes() -> tuple[Activity, ...]:
    """Return the changes of settings and members in 400 days, without ordinary work."""
    days = range(MONDAY // DAY - 400, MONDAY // DAY)
    agenda = world()._agenda
    planned = sorted(one for day in days for one in agenda.lifecycles(day, world().cycles, world().details))
    return tuple(json.loads(agenda.row(one).raw) for one in planned)


def changes() -> Iterator[tuple[tuple[str, ...], Any, Any]]:
    """Yield each change of a permanent object: the key of the setting, the old value, and the new value."""
    for one in years_of_changes():
        of = {"claude_user_settings_updated": one["actor"].get("user_id", "")}.get(one["type"], "")
        if one["type"] in {"claude_organization_settings_updated", "claude_user_settings_updated"}:
            for update in one["updates"]:
                yield (one["type"], of, update["type"]), update["previous_value"], update["current_value"]
        if one["type"] == "claude_user_role_updated":
            yield (one["type"], one["user_id"]), one["previous_role"], one["current_role"]
        if one["type"] == "claude_user_seat_tier_updated":
            yield (one["type"], one["user_id"]), one["previous_seat_tier"], one["current_seat_tier"]
        if one["type"] == "subscription_quantity_updated":
            yield (one["type"],), one["previous_quantity"], one["new_quantity"]
            assert one["added_seats"] == one["new_quantity"] - one["previous_quantity"]


def test_each_change_begins_with_the_value_at_which_the_last_one_ended() -> None:
    last: dict[tuple[str, ...], Any] = {}
    broken = []
    for what, before, after in changes():
        if what in last and last[what] != before:
            broken.append((what, last[what], before))
        last[what] = after

    assert len(last) > 60
    assert broken == []


def test_each_change_changes_something() -> None:
    assert [what for what, before, after in changes() if before == after] == []


LIVES = {
    "api keys": ("api_key_id", "api_key_created", "scoped_api_key_deleted"),
    "workspaces": ("workspace_id", "platform_workspace_created", "platform_workspace_archived"),
    "groups": ("group_id", "group_created", "group_deleted"),
    "servers": ("mcp_server_id", "mcp_server_created", "mcp_server_deleted"),
    "skills": ("skill_id", "claude_skill_created", "claude_skill_deleted"),
    "projects": ("claude_project_id", "claude_project_created", "claude_project_archived"),
    "service accounts": (
        "service_account_id",
        "platform_service_account_workspace_member_added",
        "platform_service_account_archived",
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(("member", "first", "last"), LIVES.values(), ids=LIVES.keys())
def test_nothing_happens_to_a_thing_before_it_is_made_or_after_it_is_gone(member: str, first: str, last: str) -> None:
    made: dict[str, int] = {}
    gone: dict[str, int] = {}
    touched: list[tuple[str, int]] = []
    for at, one in enumerate(years_of_changes()):
        if one.get(member):
            touched.append((one[member], at))
            if one["type"] == first:
                made[one[member]] = at
            if one["type"] == last:
                gone[one[member]] = at

    assert gone
    assert [name for name, at in touched if at < made.get(name, 0)] == []
    assert [name for name, at in touched if at > gone.get(name, at)] == []


def test_who_left_does_nothing_any_more() -> None:
    left = {one["actor"]["user_id"]: one["created_at"] for one in month() if one["type"] == "org_user_left"}
    after = [one["type"] for one in month() if one["created_at"] > left.get(one["actor"].get("user_id", ""), "9")]

    assert left
    assert after == []


def test_who_joins_is_made_a_member_before_anything_else() -> None:
    made = {one["user_id"]: one["created_at"] for one in month() if one["type"] == "scim_user_created"}
    before = [one["type"] for one in month() if one["created_at"] < made.get(one["actor"].get("user_id", ""), "")]

    assert made
    assert before == []


def test_a_failed_sign_in_is_followed_by_one_that_succeeds() -> None:
    failed = [one for one in ordinary() if one["type"] == "sso_login_failed"]
    succeeded = defaultdict(list)
    for one in month():
        if one["type"] == "sso_login_succeeded":
            succeeded[one["actor"]["email_address"]].append(one["created_at"])

    hours = [
        any(when[:13] == one["created_at"][:13] and when > one["created_at"] for when in succeeded[email])
        for one in failed
        if (email := one["actor"]["unauthenticated_email_address"])
    ]

    assert len(hours) > 5
    assert sum(hours) >= 0.8 * len(hours)


def test_while_logging_is_off_nothing_is_recorded() -> None:
    switched = [one for one in month() if one["type"] == "org_compliance_api_settings_updated"]
    spans = [
        (off["created_at"], on["created_at"])
        for off, on in pairwise(switched)
        if not off["compliance_api_logging_enabled"]
    ]

    inside = [
        one["type"]
        for one in month()
        for off, on in spans
        if off[:16] < one["created_at"][:16] < on[:16] and one["created_at"] != off
    ]

    assert spans
    assert inside == []
