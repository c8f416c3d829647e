"""Names for many types at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anthropic_audit.catalogue import load, read_catalogue
from anthropic_audit.catalogue.groups import expand, load_groups, read_groups, unknown_types
from anthropic_audit.errors import SetupError

CATALOGUE = load()
GROUPS = load_groups()
Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("patterns", "some", "none"),
    [
        pytest.param(["auth/*"], {"sso_login_failed", "org_sso_toggled"}, {"claude_chat_viewed"}, id="group"),
        pytest.param(["sign_in/*"], {"sso_login_failed"}, {"org_sso_toggled"}, id="family"),
        pytest.param(["*_viewed"], {"claude_chat_viewed", "group_viewed"}, {"claude_chat_created"}, id="ending"),
        pytest.param(["keys/*_deleted"], {"admin_api_key_deleted"}, {"admin_api_key_created"}, id="of-a-group"),
        pytest.param(["sso_login_failed"], {"sso_login_failed"}, {"sso_login_succeeded"}, id="one-type"),
        pytest.param(["sso_login_failed", "*_viewed"], {"sso_login_failed", "group_viewed"}, set(), id="both"),
    ],
)
def test_a_pattern_stands_for_types(patterns: list[str], some: set[str], none: set[str]) -> None:
    types = set(expand(patterns, CATALOGUE, GROUPS))

    assert some <= types <= set(CATALOGUE.types)
    assert not none & types


def test_what_patterns_stand_for_is_sorted_and_there_once() -> None:
    types = expand(["sso_login_failed", "auth/*", "sso_*", "sso_login_failed"], CATALOGUE, GROUPS)

    assert list(types) == sorted(set(types))


def test_an_unknown_type_is_left_to_the_api() -> None:
    assert expand(["claude_orbit_created"], CATALOGUE, GROUPS) == ("claude_orbit_created",)


@pytest.mark.parametrize(
    ("pattern", "words", "hint"),
    [
        pytest.param("auht/*", "no group of activity types `auht`", "`auth/*`", id="misspelled-group"),
        pytest.param("zzzzzz/*", "no group of activity types `zzzzzz`", "groups are", id="no-group"),
        pytest.param("*_never_happened", "no activity type matches `*_never_happened`", "catalogue list", id="nothing"),
        pytest.param("keys/*_viewed", "no activity type matches", "catalogue list", id="nothing-in-a-group"),
        pytest.param("[a-z]*", "no activity type matches", "catalogue list", id="only-stars-mean-something"),
    ],
)
def test_a_pattern_that_matches_no_type_is_refused(pattern: str, words: str, hint: str) -> None:
    with pytest.raises(SetupError) as caught:
        expand([pattern], CATALOGUE, GROUPS)

    assert words in str(caught.value)
    assert hint in str(caught.value.hint)


def test_unknown_names_come_with_what_was_meant() -> None:
    names = ["sso_login_suceeded", "zzzz", "sso_login_failed", "auth/*"]

    assert unknown_types(names, CATALOGUE) == {"sso_login_suceeded": "sso_login_succeeded", "zzzz": None}


def test_every_family_is_a_group() -> None:
    assert {kind.family for kind in CATALOGUE.types.values()} <= set(GROUPS)


def test_a_type_is_in_the_group_of_its_family() -> None:
    assert all(name in GROUPS[kind.family] for name, kind in CATALOGUE.types.items())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("people: [missing]\n", "groups.yaml: people: no family or type matches `missing`", id="nothing"),
        pytest.param("members: [member_joined]\n", "groups.yaml: members: is the name of a family", id="family"),
        pytest.param("people: [members\n", "groups.yaml: while parsing", id="no-yaml"),
    ],
)
def test_mistakes_in_the_file_are_listed(write: Write, text: str, words: str) -> None:
    folder = write(groups=text)

    with pytest.raises(SetupError, match=words):
        read_groups(folder, read_catalogue(folder))


def test_a_group_is_made_of_families_and_patterns(write: Write) -> None:
    folder = write(groups="people: [members]\njoins: ['*_joined']\n")

    groups = read_groups(folder, read_catalogue(folder))

    assert groups == {
        "joins": frozenset({"member_joined"}),
        "members": frozenset({"member_joined"}),
        "people": frozenset({"member_joined"}),
    }


def test_the_guide_names_every_group() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "guides" / "catalogue.md").read_text()
    families = {kind.family for kind in CATALOGUE.types.values()}

    assert [name for name in GROUPS if name not in families and f"`{name}`" not in guide] == []
