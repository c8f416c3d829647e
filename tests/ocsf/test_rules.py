"""The rules agree with the schema, and every type has its class."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import msgspec
import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.ocsf import load_rules
from anthropic_audit.ocsf.class_choice import choices_of, verb_of

Json = Any
RULES = load_rules()
CATALOGUE = load()
ROOT = Path(__file__).parent.parent.parent
COMMON = ("actor", "src_endpoint", "http_request", "http_response")


def captions(schema: Json, owner: str, attribute: str, kind: str = "objects") -> dict[int, str]:
    """Return the numbers and names of an enumeration of the schema."""
    enum = schema[kind][owner]["attributes"][attribute]["enum"]
    return {int(number): value["caption"] for number, value in enum.items()}


@pytest.mark.parametrize("name", sorted(RULES.classes))
def test_a_class_is_as_the_schema_has_it(schema: Json, name: str) -> None:
    ours, theirs = RULES.classes[name], schema["classes"][name]
    own = {key: one for key, one in theirs["attributes"].items() if not one.get("profiles")}
    activities = captions(schema, name, "activity_id", "classes")

    assert (ours.uid, ours.name) == (theirs["uid"], theirs["caption"])
    assert f"{ours.category}" in theirs["attributes"]["category_uid"]["enum"]
    assert {number: activities.get(number) for number, _ in ours.activities.values()} == dict(ours.activities.values())
    assert ours.has == {key for key in COMMON if key in own}
    assert ours.needs == {key for key in COMMON if key in own and own[key]["requirement"] == "required"}


def test_categories_are_as_the_schema_has_them(schema: Json) -> None:
    theirs = {one["uid"]: one["caption"] for one in schema["categories"]["attributes"].values()}

    assert {number: theirs.get(number, "Uncategorized") for number in RULES.categories} == dict(RULES.categories)


def coded() -> Iterator[tuple[str, str, tuple[int, str]]]:
    for owner, attribute, table in (
        ("auth_factor", "factor_type_id", RULES.factors.values()),
        ("account", "type_id", RULES.clouds.values()),
        ("os", "type_id", RULES.systems.values()),
        ("user", "type_id", [rule.is_ for rule in RULES.actors.values()]),
        ("user", "type_id", [target.account for target in RULES.targets.values() if target.account]),
        ("managed_entity", "type_id", [target.is_ for target in RULES.targets.values()]),
    ):
        yield from sorted({(owner, attribute, one) for one in table})


@pytest.mark.parametrize(("owner", "attribute", "one"), list(coded()))
def test_numbers_have_the_names_of_the_schema(schema: Json, owner: str, attribute: str, one: tuple[int, str]) -> None:
    allowed = captions(schema, owner, attribute)
    number, name = one

    assert number in allowed
    assert number == 99 or allowed[number] == name


def test_protocols_have_the_names_of_the_schema(schema: Json) -> None:
    known = captions(schema, "authentication", "auth_protocol_id", "classes")
    used = [rule.protocol for rule in RULES.rules if rule.protocol]

    assert [known[number] for number, _ in used] == [name for _, name in used]


def test_every_kind_of_actor_is_known() -> None:
    assert set(RULES.actors) == set(CATALOGUE.actors)


def test_members_of_actors_are_those_of_the_catalogue() -> None:
    used = {
        (kind, member)
        for kind, rule in RULES.actors.items()
        for member in (rule.id, rule.credential, rule.app, rule.directory, rule.directory_name)
        if member
    }

    assert [(kind, member) for kind, member in used if member not in CATALOGUE.actors[kind].fields] == []


def test_every_rule_names_types_that_there_are() -> None:
    patterns = [pattern for rule in RULES.rules for pattern in rule.types]

    assert [one for one in patterns if not any(fnmatchcase(name, one) for name in CATALOGUE.types)] == []


def test_rules_name_classes_and_words_that_there_are() -> None:
    classes = {rule.event_class for rule in RULES.rules}
    words = {word for one in RULES.classes.values() for word in one.activities}

    assert classes <= RULES.classes.keys()
    assert {*RULES.kinds.values()} <= words


def test_fields_that_rules_and_targets_name_are_documented() -> None:
    fields = [rule.field for rule in RULES.rules] + [*RULES.targets] + [one.name for one in RULES.targets.values()]
    named = {field.partition(".")[0] for field in fields if field} - {"file"}

    assert named - CATALOGUE.fields.keys() == {"service_account_id", "file_id"} - CATALOGUE.fields.keys()


def test_a_type_has_a_class_that_takes_every_event_and_says_what_was_done() -> None:
    for name, kind in CATALOGUE.types.items():
        choices = choices_of(RULES, name, kind.category, kind.type)

        assert choices, name
        assert not choices[-1].is_conditional, name
        assert all(choice.activity_id and choice.activity_name for choice in choices), name


@pytest.mark.parametrize(
    ("name", "category", "kind", "said"),
    [
        ("unheard_of_created", ["configuration"], ["creation"], "Entity Management: Create"),
        ("unheard_of", ["iam"], ["deletion"], "Entity Management: Delete"),
        ("unheard_of", ["iam"], [], "Entity Management: Other"),
        ("orbit_login_failed", ["authentication"], ["info"], "Authentication: Logon"),
        ("orbit_passkey_removed", ["authentication"], ["info"], "Authentication: Other"),
        ("orbit_document_viewed", ["file"], ["access"], "File Hosting Activity: Open"),
        ("claude_chat_orbited", ["web"], ["info"], "Web Resources Activity: Other"),
        ("orbit_asked", ["api"], ["info"], "API Activity: Other"),
        ("platform_memory_orbited", ["file"], ["change"], "Datastore Activity: Update"),
    ],
)
def test_an_unknown_type_has_the_class_of_its_kind(name: str, category: list[str], kind: list[str], said: str) -> None:
    assert choices_of(RULES, name, category, kind)[-1].type_name == said


def test_without_rules_there_is_no_choice() -> None:
    assert choices_of(msgspec.structs.replace(RULES, rules=()), "orbit_created", [], []) == ()


def test_the_longest_verb_counts() -> None:
    assert verb_of(RULES, "claude_chat_deletion_failed") == ("delete", "claude_chat")
    assert verb_of(RULES, "platform_file_content_downloaded") == ("export", "platform_file")
    assert verb_of(RULES, "created") == (None, "created")


def test_the_reference_page_lists_what_the_rules_say() -> None:
    script = ROOT / "scripts" / "generate_tables.py"

    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
