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

    emails = [user["email"] for some in users for user in some]
    assert len(emails) == len(set(emails)) > 100


def test_either_id_of_an_organization_will_do(vendor: Vendor) -> None:
    _, page = ask(vendor, "activities", ("limit", "1"))
    one = page["data"][0]

    assert all_of(vendor, f"organizations/{one['organization_id']}/users") == all_of(
        vendor, f"organizations/{one['organization_uuid']}/users"
    )


def test_users_are_those_of_the_activities(vendor: Vendor) -> None:
    known = {
        user["id"]
        for one in all_of(vendor, "organizations")
        for user in all_of(vendor, f"organizations/{one['uuid']}/users")
    }

    _, page = ask(vendor, "activities", ("limit", "5000"))

    acting = {one["actor"]["user_id"] for one in page["data"] if one["actor"]["type"] == "user_actor"}
    assert acting
    assert acting <= known


def test_groups_have_members_and_roles_have_permissions(vendor: Vendor) -> None:
    groups = all_of(vendor, "groups")
    place = f"organizations/{all_of(vendor, 'organizations')[0]['uuid']}"
    roles = all_of(vendor, f"{place}/roles")

    assert sum(len(all_of(vendor, f"groups/{group['id']}/members")) for group in groups) > 100
    assert all_of(vendor, f"{place}/roles/{roles[0]['id']}/permissions")
    assert ask(vendor, f"{place}/roles/{roles[0]['id']}") == (200, roles[0])
    assert ask(vendor, f"groups/{groups[0]['id']}") == (200, groups[0])


MEMBERS: dict[str, dict[str, tuple[type, ...]]] = {
    "organizations": {"uuid": (str,), "name": (str,), "created_at": (str,)},
    "organizations/{unit}/users": {
        "id": (str,),
        "full_name": (str,),
        "email": (str,),
        "created_at": (str,),
        "organization_role": (str,),
    },
    "organizations/{unit}/roles": {
        "id": (str,),
        "name": (str,),
        "description": (str,),
        "created_at": (str,),
        "updated_at": (str,),
    },
    "organizations/{unit}/roles/{role}/permissions": {"resource_type": (str,), "resource_id": (str,), "action": (str,)},
    "groups": {
        "id": (str,),
        "name": (str,),
        "description": (str,),
        "source_type": (str,),
        "roles": (list,),
        "created_at": (str,),
        "updated_at": (str,),
    },
    "groups/{group}/members": {"user_id": (str,), "email": (str,), "created_at": (str,), "updated_at": (str,)},
}


@pytest.mark.parametrize("path", MEMBERS)
def test_what_is_listed_has_the_members_of_the_contract(path: str, vendor: Vendor) -> None:
    unit = all_of(vendor, "organizations")[0]["uuid"]
    role = all_of(vendor, f"organizations/{unit}/roles")[0]["id"]
    group = all_of(vendor, "groups")[0]["id"]

    listed = all_of(vendor, path.format(unit=unit, role=role, group=group))

    assert listed
    assert all(one.keys() == MEMBERS[path].keys() for one in listed)
    assert all(isinstance(one[name], kinds) for one in listed for name, kinds in MEMBERS[path].items())


def test_settings_are_one_object_of_typed_rows_and_keys(vendor: Vendor) -> None:
    unit = all_of(vendor, "organizations")[0]["uuid"]

    status, settings = ask(vendor, f"organizations/{unit}/settings")

    assert status == 200
    assert settings.keys() == {"type", "organization_id", "settings", "api_keys"}
    assert (settings["type"], settings["organization_id"]) == ("effective_organization_settings", unit)
    assert all(one.keys() == {"name", "type", "value"} for one in settings["settings"])
    assert {"compliance_api_enabled", "web_search_enabled"} <= {one["name"] for one in settings["settings"]}
    key = {"id", "name", "is_active", "created_at", "scopes", "created_by_id", "expires_at", "type"}
    assert all(one.keys() == key for one in settings["api_keys"])


def test_a_revoked_key_is_listed_as_inactive(vendor: Vendor) -> None:
    unit = all_of(vendor, "organizations")[0]["uuid"]

    _, settings = ask(vendor, f"organizations/{unit}/settings")

    active = {one["name"]: one["is_active"] for one in settings["api_keys"]}
    assert active["compliance"]
    assert not active["revoked"]


def test_each_look_into_the_directory_is_in_the_feed_and_costs_a_request() -> None:
    vendor = open_vendor(VendorSettings(world=WorldSettings(people=12), history=timedelta(hours=1)), NOW)
    headers = {"x-api-key": vendor.keys.named("compliance").secret.reveal()}

    looked = respond(vendor, Request("GET", ROOT + "groups", (("limit", "2"),), headers), NOW)

    later = NOW + timedelta(minutes=2)
    query = (("activity_types[]", "compliance_api_accessed"), ("limit", "5000"))
    page = json.loads(respond(vendor, Request("GET", ROOT + "activities", query, headers), later).body)
    (access,) = [one for one in page["data"] if one["request_id"] == looked.headers["request-id"]]
    assert access["url"].endswith("/v1/compliance/groups?limit=2")
    assert looked.headers["anthropic-ratelimit-requests-remaining"] == "599"


REFUSED: dict[str, tuple[str, tuple[tuple[str, str], ...], str, int]] = {
    "an Admin API key": ("groups", (), "admin", 404),
    "a missing scope": ("organizations/x/users", (), "narrow", 403),
    "an organization that does not exist": ("organizations/x/users", (), "compliance", 404),
    "settings of an unknown organization": ("organizations/x/settings", (), "compliance", 404),
    "a group that does not exist": ("groups/x", (), "compliance", 404),
    "members of a group that does not exist": ("groups/x/members", (), "compliance", 404),
    "a role of an unknown organization": ("organizations/x/roles/y", (), "compliance", 404),
    "permissions of an unknown organization": ("organizations/x/roles/y/permissions", (), "compliance", 404),
    "permissions without their organization": ("roles/y/permissions", (), "compliance", 404),
    "an Admin API key, for settings": ("organizations/x/settings", (), "admin", 404),
    "chats, which are not served": ("apps/chats", (), "compliance", 404),
    "projects, which are not served": ("apps/projects", (), "compliance", 404),
    "review cases, which are not served": ("review/cases", (), "compliance", 404),
    "an unknown parameter": ("groups", (("after_id", "x"),), "compliance", 400),
    "a parameter twice": ("groups", (("limit", "1"), ("limit", "1")), "compliance", 400),
    "a limit too large": ("groups", (("limit", "1001"),), "compliance", 400),
    "an invalid token": ("groups", (("page", "page_2"),), "compliance", 400),
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
