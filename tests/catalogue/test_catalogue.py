"""Our own catalogue against the facts: every published name, category, type, outcome and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.catalogue.statistics import categorization, published

HERE = Path(__file__).parent
CATALOGUE = load()

DOCUMENTED_ELSEWHERE = {
    "account_migration_completed",
    "anthropic_access",
    "cmek_preserve",
    "org_security_control_attestation_updated",
}

DEVIATIONS = {
    "compliance_api_accessed": "D4",
    "ghe_webhook_signature_invalid": "D3",
    "org_join_proposal_decided": "outcome by `approved`, as published in the mapping",
    "social_login_succeeded": "D1",
    "sso_login_failed": "D2",
    "sso_login_succeeded": "D1",
}
"""Types whose categorization differs from the published table, and the place of the reason."""


def lines(name: str) -> list[list[str]]:
    return [line.split("\t") for line in (HERE / name).read_text().splitlines()]


def test_every_documented_type_is_known() -> None:
    names = {name for (name,) in lines("activity_names.txt")}

    assert (names | DOCUMENTED_ELSEWHERE) - set(CATALOGUE.types) == set()


def test_categories_types_and_outcomes_are_the_published_ones_but_for_listed_deviations() -> None:
    expected = published()

    assert len(expected) == 305
    assert {name for name, meant in expected.items() if categorization(CATALOGUE.types[name]) != meant} == set(
        DEVIATIONS
    )


def test_every_published_field_has_its_published_type() -> None:
    rows = {name: kind for name, kind in lines("published_fields.tsv") if name != "field"}
    fields = CATALOGUE.exported_fields()

    assert len(rows) == 172
    assert {name: fields[name].type for name in rows} == rows


def test_every_documented_field_has_a_place() -> None:
    homeless = {
        (kind.name, name) for kind in CATALOGUE.types.values() for name in kind.fields if name not in CATALOGUE.fields
    }

    assert homeless == set()


def test_every_member_of_an_actor_has_a_place() -> None:
    moved_of_any = {"ip_address", "user_agent", "unauthenticated_email_address"}
    homeless = {
        (kind.name, name)
        for kind in CATALOGUE.actors.values()
        for name in kind.fields
        if name not in CATALOGUE.actor_fields and name not in moved_of_any
    }

    assert homeless == set()


NUMBERS, TEXTS = {"long", "double"}, {"string", "enum"}


def test_a_field_is_stored_as_what_it_is() -> None:
    for name, spec in [pair for kind in CATALOGUE.types.values() for pair in kind.fields.items()]:
        stored = CATALOGUE.fields[name]
        if spec.kind in ("object", "map"):
            assert stored.type == "flattened" or stored.objects_as, name
        elif spec.kind == "number":
            assert stored.type in NUMBERS or stored.type == "keyword" or stored.ecs, name
        elif spec.kind == "boolean":
            assert stored.type in {"boolean", "keyword"}, name
        elif spec.kind in TEXTS:
            assert stored.type in {"keyword", "date", None}, name


def test_all_eleven_kinds_of_actor_are_known() -> None:
    assert len(CATALOGUE.actors) == 11


def test_a_type_for_everybody_names_every_kind_of_actor() -> None:
    assert set(CATALOGUE.types["claude_chat_snapshot_deleted"].actors) == set(CATALOGUE.actors)


def test_a_type_for_some_names_them() -> None:
    assert CATALOGUE.types["admin_api_key_created"].actors == ("user_actor",)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        pytest.param("sso_login_suceeded", "sso_login_succeeded", id="a-letter-lost"),
        pytest.param("claude_chat_create", "claude_chat_created", id="an-ending-lost"),
        pytest.param("zzzz", None, id="nothing-near"),
    ],
)
def test_a_mistyped_name_finds_the_one_that_was_meant(typed: str, meant: str | None) -> None:
    assert CATALOGUE.suggest(typed) == meant


@pytest.mark.parametrize(
    ("name", "activity", "expected"),
    [
        pytest.param("compliance_api_accessed", {"status_code": 200}, "success", id="2xx"),
        pytest.param("compliance_api_accessed", {"status_code": 404}, "failure", id="4xx"),
        pytest.param("compliance_api_accessed", {"status_code": 529}, "failure", id="5xx"),
        pytest.param("compliance_api_accessed", {"status_code": 302}, "unknown", id="3xx"),
        pytest.param("compliance_api_accessed", {"status_code": True}, "unknown", id="no-number"),
        pytest.param("compliance_api_accessed", {}, "unknown", id="no-status"),
        pytest.param("org_join_proposal_decided", {"approved": True}, "success", id="approved"),
        pytest.param("org_join_proposal_decided", {"approved": False}, "failure", id="not-approved"),
        pytest.param("org_join_proposal_decided", {}, "failure", id="approval-missing"),
        pytest.param("org_external_key_validated", {"validation_result": "failure"}, "failure", id="validation"),
        pytest.param("platform_federated_authentication", {"status": {"outcome": "failure"}}, "failure", id="nested"),
        pytest.param("platform_federated_authentication", {"status": None}, "unknown", id="nested-null"),
        pytest.param("github_token_import", {"result": "imported"}, "success", id="imported"),
        pytest.param("github_token_import", {"result": "something_new"}, "unknown", id="a-value-of-tomorrow"),
    ],
)
def test_an_outcome_rule_reads_the_activity(name: str, activity: dict[str, object], expected: str) -> None:
    rule = CATALOGUE.types[name].outcome_rule

    assert rule is not None
    assert rule.outcome(activity) == expected
