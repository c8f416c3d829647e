"""Problems that the linter finds in a catalogue that can be read."""

from __future__ import annotations

from collections.abc import Callable
from importlib import resources
from pathlib import Path

import pytest

from anthropic_audit import catalogue as room
from anthropic_audit.catalogue import load, read_catalogue
from anthropic_audit.catalogue.line_numbers import read_lines
from anthropic_audit.catalogue.lint import lint, slips, unwanted_words

Write = Callable[..., Path]

TYPE = """\
member_joined:
  description: A user joined.
  sentence: "{actor} joined[ as {role}]"
  sensitivity: routine
  category: [iam]
  type: [user]
  outcome: success
  actors: all
  fields:
    role: string?
"""
CLEAN = {
    "types__members": TYPE,
    "ecs": "categories:\n  iam: [change, user]\nfields:\n  user.email: {type: keyword, description: E-mail address}\n",
    "actors": (
        "user_actor:\n  description: A person\n  name: '{email}'\n  fields: {email: string!}\n"
        "  moves: {email: user.email}\n"
    ),
    "fields": (
        "moved: {}\npublished:\n  role: {type: keyword, description: Which role}\nnewer: {}\n"
        "actor:\n  type: {type: keyword, description: Which kind}\nown: {}\n"
    ),
}


def findings(folder: Path) -> list[str]:
    return [f"{one.where}: {one.what}" for one in lint(read_catalogue(folder), read_lines(folder))]


def test_a_catalogue_without_a_flaw_is_clean(write: Write) -> None:
    assert findings(write(**CLEAN)) == []


MEMBERS, JOINED = "types__members", "types/members.yaml:1: `member_joined` has"

FLAWS = {
    "words": (MEMBERS, "  description: A user joined.\n", "", f"{JOINED} no description"),
    "sentence": (MEMBERS, '"{actor} joined[ as {role}]"', '""', f"{JOINED} no sentence"),
    "sensitivity": (MEMBERS, "  sensitivity: routine\n", "", f"{JOINED} no sensitivity"),
    "placeholder": (
        *(MEMBERS, "{actor} joined[ as {role}]", "Joined"),
        f"{JOINED} a sentence without a placeholder",
    ),
    "unwanted-word": (*(MEMBERS, "A user joined.", "Somebody joined."), f"{JOINED} `somebody` in its description"),
    "unwanted-word-of-a-sentence": (
        *(MEMBERS, "{actor} joined[ as {role}]", "{actor} joined anew[ as {role}]"),
        f"{JOINED} `anew` in its sentence",
    ),
    "unwanted-word-of-a-field": (
        *("fields", "Which role", "Role that we were told"),
        "fields.yaml:3: `role` has `told` in its description",
    ),
    "unwanted-word-of-an-actor-field": (
        *("fields", "Which kind", "What nobody knows"),
        "fields.yaml:6: `type` has `nobody` in its description",
    ),
    "unwanted-word-of-an-ecs-field": (
        *("ecs", "E-mail address", "Who tells it"),
        "ecs.yaml:4: `user.email` has `tells` in its description",
    ),
    "unwanted-word-of-an-actor": (
        *("actors", "A person", "Somebody"),
        "actors.yaml:1: `user_actor` has `somebody` in its description",
    ),
    "brackets": (
        *(MEMBERS, "[ as {role}]", " as {role}"),
        f"{JOINED} `{{role}}` outside brackets in its sentence, although the value may be missing",
    ),
    "target": (
        *(MEMBERS, "[ as {role}]", " {target}"),
        f"{JOINED} `{{target}}` outside brackets in its sentence, although the value may be missing",
    ),
    "place": (
        *(MEMBERS, "role: string?", "rule: string?\n    role: string?"),
        f"{JOINED} the field `rule`, which fields.yaml does not have",
    ),
    "enum": (
        *(MEMBERS, "role: string?", "role: enum(on-top, on_top)"),
        f"{JOINED} the enum `role` with values that differ in spelling only: on-top, on_top",
    ),
    "rule": (
        *(MEMBERS, "outcome: success", "outcome: by_approved"),
        f"{JOINED} an outcome rule for `approved`, which is not one of its fields",
    ),
    "field": ("fields", ", description: Which role", "", "fields.yaml:3: `role` has no description"),
    "actor-field": (
        *("fields", "{type: keyword, description: Which kind}", "keyword"),
        "fields.yaml:6: `type` has no description",
    ),
    "ecs": (
        *("fields", "Which role}", "Which role, ecs: user.roles}"),
        "fields.yaml:3: `role` moves to `user.roles`, which ecs.yaml does not have",
    ),
    "only-for": (
        *("fields", "Which role}", "Which role, ecs: user.email, only_for: [guest_came]}"),
        "fields.yaml:3: `role` has the unknown type `guest_came` in `only_for`",
    ),
    "when": (
        *("fields", "Which role}", "Which role, ecs: user.email, when: {kind: guest}}"),
        "fields.yaml:3: `role` has the unknown field `kind` in `when`",
    ),
    "ecs-field": ("ecs", ", description: E-mail address", "", "ecs.yaml:4: `user.email` has no description"),
    "actor-target": (
        *("ecs", "user.email:", "user.id:"),
        "actors.yaml:1: `user_actor` has a member that moves to `user.email`, which ecs.yaml does not have",
    ),
    "actor": ("actors", "  description: A person\n", "", "actors.yaml:1: `user_actor` has no description"),
    "actor-name": ("actors", "  name: '{email}'\n", "", "actors.yaml:1: `user_actor` has no name"),
    "member": (
        *("actors", "{email: string!}", "{email: string!, hat: string}"),
        "actors.yaml:1: `user_actor` has the member `hat`, which fields.yaml does not have",
    ),
}


@pytest.mark.parametrize(("file", "old", "new", "found"), FLAWS.values(), ids=FLAWS)
def test_a_flaw_is_found_with_its_line(write: Write, *, file: str, old: str, new: str, found: str) -> None:
    assert old in CLEAN[file]

    assert findings(write(**{**CLEAN, file: CLEAN[file].replace(old, new)})) == [found]


def test_two_types_in_the_same_words_are_found(write: Write) -> None:
    twice = TYPE + TYPE.replace("member_joined", "guest_came")

    assert findings(write(**{**CLEAN, "types__members": twice})) == [
        "types/members.yaml:11: `guest_came` has the same description as `member_joined`"
    ]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        pytest.param(["webhook_id", "web_hook_id"], [("web_hook_id", "webhook_id")], id="underscore"),
        pytest.param(["webhook_id", "webhok_id"], [("webhok_id", "webhook_id")], id="letter-lost"),
        pytest.param(["session_id", "sassion_id"], [("sassion_id", "session_id")], id="letter-exchanged"),
        pytest.param(["project_ids", "project_id", "projects_id"], [], id="plural"),
        pytest.param(["new_mode", "new_model"], [], id="short-words"),
        pytest.param(["session_created", "session_deleted"], [], id="another-word"),
        pytest.param(["invited_email", "invitee_email"], [], id="the-vendors-own"),
    ],
)
def test_names_that_are_spelled_almost_alike_are_slips(names: list[str], found: list[tuple[str, str]]) -> None:
    assert slips(names) == found


def test_unwanted_words_are_whole_words_in_any_case() -> None:
    assert unwanted_words("Somebody TOLD nobody.") == ["nobody", "somebody", "told"]
    assert unwanted_words("A user signed in to the telltale project.") == []


def test_the_line_of_a_thing_is_that_of_its_name(write: Write) -> None:
    lines = read_lines(write(**CLEAN))

    assert lines.where("types/members.yaml", "member_joined", "fields", "role") == "types/members.yaml:10"
    assert lines.where("types/members.yaml", "member_joined", "hat") == "types/members.yaml:1"
    assert lines.where("types/none.yaml", "x") == "types/none.yaml"


def test_our_own_catalogue_has_nothing_to_mend() -> None:
    found = lint(load(), read_lines(resources.files(room)))

    assert [f"{one.where}: {one.what}" for one in found] == []
