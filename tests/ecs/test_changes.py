"""Changes in the form `name: before → after`."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.ecs.changes import changes_in, changes_of

Json = Any

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
names = st.sampled_from(
    ["updates", "previous_role", "current_role", "role", "old_plan", "new_plan", "name", "new_", "old_"]
)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"previous_role": "user", "current_role": "owner"}, ["role: user → owner"], id="current"),
        pytest.param({"old_plan": "pro", "new_plan": "team"}, ["plan: pro → team"], id="new"),
        pytest.param({"previous_enabled": True, "enabled": False}, ["enabled: true → false"], id="bare"),
        pytest.param({"previous_limit": 0, "new_limit": 5}, ["limit: 0 → 5"], id="zero-is-a-value"),
        pytest.param({"previous_role": None, "current_role": "owner"}, ["role: (none) → owner"], id="nothing-before"),
        pytest.param({"previous_role": "owner", "current_role": ""}, ["role: owner → (none)"], id="nothing-after"),
        pytest.param({"previous_role": "owner"}, ["role: owner → (not told)"], id="before-alone"),
        pytest.param({"new_mode": "open"}, ["mode: (not told) → open"], id="after-alone"),
        pytest.param({"enabled": True}, [], id="a-bare-field-is-no-change"),
        pytest.param({"previous_enabled": None, "enabled": True}, [], id="a-bare-field-without-before-is-no-change"),
        pytest.param(
            {"previous_tags": ["a"], "new_tags": [{"b": 1, "a": None}]},
            ['tags: ["a"] → [{"b":1}]'],
            id="lists-and-objects",
        ),
        pytest.param(
            {"new_b": "2", "old_b": "1", "old_a": "x", "new_a": "y"}, ["a: x → y", "b: 1 → 2"], id="several-by-name"
        ),
        pytest.param(
            {"previous_text": "a" * 300, "new_text": "b"}, ["text: " + "a" * 255 + "… → b"], id="long-ones-are-cut"
        ),
        pytest.param(
            {
                "updates": [
                    {"type": "name", "previous_value": "a", "current_value": "b"},
                    {"type": "enabled", "previous_value": None, "current_value": False},
                    {"type": "secret"},
                    {"type": "name", "previous_value": "a", "current_value": "b"},
                    {"previous_value": "nameless"},
                    "no object",
                ]
            },
            ["name: a → b", "enabled: (none) → false", "secret: changed"],
            id="updates",
        ),
        pytest.param({"updates": "all"}, [], id="updates-that-are-none"),
    ],
)
def test_changes_are_told(fields: Json, expected: list[str]) -> None:
    assert changes_of(fields, changes_in(fields)) == expected


@given(st.dictionaries(names, values))
def test_telling_never_fails_and_does_not_depend_on_the_order_of_fields(fields: dict[str, Json]) -> None:
    told = changes_of(fields, changes_in(fields))
    backwards = dict(reversed(fields.items()))

    assert told == changes_of(backwards, changes_in(backwards))
    assert all(": " in one for one in told)
