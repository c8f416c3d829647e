"""The meaning of undocumented types."""

from __future__ import annotations

from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.catalogue import Meaning, classify, load

ALLOWED = yaml.safe_load((resources.files("anthropic_audit.catalogue") / "ecs.yaml").read_text("utf-8"))["categories"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        pytest.param("claude_project_orbit_created", Meaning(("file",), ("creation",), "success"), id="created"),
        pytest.param("platform_api_key_deleted", Meaning(("iam",), ("deletion",), "success"), id="deleted"),
        pytest.param("passkey_login_failed", Meaning(("authentication",), ("info",), "failure"), id="failed"),
        pytest.param("claude_chat_orbit_viewed", Meaning(("web",), ("access",), "success"), id="viewed"),
        pytest.param("org_sso_orbit_toggled", Meaning(("iam", "configuration"), ("change",), "success"), id="changed"),
        pytest.param("org_orbit_requested", Meaning(("configuration",), ("info",), "unknown"), id="open-end"),
        pytest.param("", Meaning(("configuration",), ("change",), "success"), id="no-name"),
    ],
)
def test_an_unknown_type_is_classified_by_its_name(name: str, expected: Meaning) -> None:
    assert classify(name) == expected


@given(st.one_of(st.text(), st.sampled_from(sorted(load().types))))
def test_what_is_said_is_always_allowed_by_ecs(name: str) -> None:
    meaning = classify(name)

    expected = {kind for category in meaning.category for kind in ALLOWED[category]}
    assert set(meaning.type) <= expected
    assert meaning.outcome in {"success", "failure", "unknown"}


def test_most_known_types_would_be_put_into_a_category_of_theirs() -> None:
    kinds = load().types.values()
    near = sum(not set(classify(kind.name).category).isdisjoint(kind.category) for kind in kinds)

    assert near / len(kinds) > 0.8
