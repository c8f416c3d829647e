from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from anthropic_audit.simulator import Request, Vendor, VendorSettings, open_vendor, respond
from anthropic_audit.simulator.world import WorldSettings

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ROOT = "/v1/compliance/"


@pytest.fixture(scope="module")
def vendor() -> Vendor:
    world = WorldSettings(activities_per_day=2000, people=150)
    return open_vendor(VendorSettings(world=world, history=timedelta(hours=1), until=NOW), NOW)


def ask(vendor: Vendor, path: str, *query: tuple[str, str], key: str = "compliance") -> Any:
    headers = {"x-api-key": vendor.keys.named(key).secret.reveal()}
    response = respond(vendor, Request("GET", ROOT + path, query, headers), NOW)
    return response.status, json.loads(response.body)


def all_of(vendor: Vendor, path: str, limit: str = "100") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    query: tuple[tuple[str, str], ...] = ()
    while True:
        status, page = ask(vendor, path, ("limit", limit), *query)
        assert status == 200
        found += page["data"]
        if not page["has_more"]:
            assert page["next_page"] is None
            return found
        query = (("page", page["next_page"]),)


def test_every_user_belongs_to_one_organization(vendor: Vendor) -> None:
    organizations = all_of(vendor, "organizations")

    users = [all_of(vendor, f"organizations/{one['uuid']}/users", limit="7") for one in organizations]

    emails = [user["email_address"] for some in users for user in some]
    assert len(emails) == len(set(emails)) > 100


def test_either_id_of_an_organization_will_do(vendor: Vendor) -> None:
    (first, *_) = all_of(vendor, "organizations")

    assert all_of(vendor, f"organizations/{first['id']}/users") == all_of(
        vendor, f"organizations/{first['uuid']}/users"
    )


def test_users_are_those_of_the_activities(vendor: Vendor) -> None:
    known = {
        user["id"]
        for one in all_of(vendor, "organizations")
        for user in all_of(vendor, f"organizations/{one['id']}/users")
    }

    _, page = ask(vendor, "activities", ("limit", "5000"))

    acting = {one["actor"]["user_id"] for one in page["data"] if one["actor"]["type"] == "user_actor"}
    assert acting
    assert acting <= known


def test_groups_have_members_and_roles_have_permissions(vendor: Vendor) -> None:
    groups = all_of(vendor, "groups")
    organization = all_of(vendor, "organizations")[0]["id"]
    roles = all_of(vendor, f"organizations/{organization}/roles")

    assert sum(len(all_of(vendor, f"groups/{group['id']}/members")) for group in groups) > 100
    assert all(all_of(vendor, f"roles/{role['id']}/permissions") for role in roles)


def test_settings_are_one_object(vendor: Vendor) -> None:
    organization = all_of(vendor, "organizations")[0]

    status, settings = ask(vendor, f"organizations/{organization['id']}/settings")

    assert status == 200
    assert settings["organization_uuid"] == organization["uuid"]


REFUSED: dict[str, tuple[str, tuple[tuple[str, str], ...], str, int]] = {
    "an Admin API key": ("groups", (), "admin", 404),
    "a missing scope": ("organizations/x/users", (), "narrow", 403),
    "an organization that does not exist": ("organizations/x/users", (), "compliance", 404),
    "settings of nobody": ("organizations/x/settings", (), "compliance", 404),
    "a group that does not exist": ("groups/x/members", (), "compliance", 404),
    "an unknown parameter": ("groups", (("after_id", "x"),), "compliance", 400),
    "a parameter twice": ("groups", (("limit", "1"), ("limit", "1")), "compliance", 400),
    "a limit too large": ("groups", (("limit", "1001"),), "compliance", 400),
    "a token that is none": ("groups", (("page", "page_2"),), "compliance", 400),
}


@pytest.mark.parametrize(("path", "query", "key", "status"), REFUSED.values(), ids=REFUSED.keys())
def test_other_places_have_their_rules_too(
    path: str, query: tuple[tuple[str, str], ...], key: str, status: int, *, vendor: Vendor
) -> None:
    assert ask(vendor, path, *query, key=key)[0] == status


def test_a_token_of_another_list_is_refused(vendor: Vendor) -> None:
    _, page = ask(vendor, "groups", ("limit", "1"))

    assert ask(vendor, "organizations", ("page", page["next_page"]))[0] == 400


def test_a_page_token_is_no_cursor(vendor: Vendor) -> None:
    _, page = ask(vendor, "groups", ("limit", "1"))

    assert ask(vendor, "activities", ("after_id", page["next_page"].removeprefix("page_")))[0] == 400


def test_a_key_with_the_scope_is_enough(vendor: Vendor) -> None:
    assert ask(vendor, "organizations", key="narrow")[0] == 200
