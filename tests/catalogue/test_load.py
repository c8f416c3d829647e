"""Reading a catalogue, and listing its mistakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from anthropic_audit.catalogue import load, read_catalogue
from anthropic_audit.errors import SetupError

Write = Callable[..., Path]


def problems(folder: Path) -> list[str]:
    with pytest.raises(SetupError) as caught:
        read_catalogue(folder)
    first, *found = str(caught.value).splitlines()
    assert first == "the catalogue has mistakes:"
    return [line.strip() for line in found]


def test_a_catalogue_without_mistakes_is_read(write: Write) -> None:
    catalogue = read_catalogue(write())

    kind = catalogue.types["member_joined"]
    assert (kind.family, kind.category, kind.type, kind.outcome) == ("members", ("iam",), ("user",), "success")
    assert kind.actors == ("user_actor",)
    assert kind.fields["role"].is_required


def test_all_mistakes_are_listed_at_once_with_file_and_key(write: Write) -> None:
    folder = write(
        types__members="a:\n  category: [iam]\n  type: [user]\n  outcome: maybe\n  actors: all\n"
        "b:\n  category: [iam]\n  type: [user]\n  outcome: success\n  actors: [usr_actor]\n",
        fields="moved: {}\npublished:\n  role: keywrd\n",
    )

    assert problems(folder) == [
        "members.yaml: a: `outcome` must be one of failure, success, unknown or a rule in outcomes.yaml: 'maybe'",
        "members.yaml: b: unknown actors: usr_actor (did you mean user_actor?)",
        "fields.yaml: published.role: unsupported Elasticsearch type: 'keywrd'",
    ]


TYPE = "member_joined:\n  category: [iam]\n  type: [user]\n  outcome: success\n  actors: all\n"


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        pytest.param(
            "types__members",
            TYPE.replace("[iam]", "[aim]"),
            "members.yaml: member_joined: unknown ECS category: aim (did you mean iam?)",
            id="category",
        ),
        pytest.param(
            "types__members",
            TYPE.replace("[user]", "[info]"),
            "members.yaml: member_joined: ECS does not allow type info with category iam",
            id="type-of-another-category",
        ),
        pytest.param(
            "types__members",
            TYPE.replace("[user]", "user"),
            "members.yaml: member_joined: `type` must be a list of words: 'user'",
            id="no-list",
        ),
        pytest.param(
            "types__members",
            TYPE + "  feilds: {}\n",
            "members.yaml: member_joined: unknown keys: feilds (did you mean fields?)",
            id="unknown-key",
        ),
        pytest.param(
            "types__members",
            TYPE + "  fields:\n    role: strng!\n",
            "members.yaml: member_joined: unknown kind of field: `strng` in `strng!`",
            id="notation",
        ),
        pytest.param(
            "types__members",
            TYPE + "  fields:\n    role: [string]\n",
            "members.yaml: member_joined: a field must be a notation, or an object with a list of variants: ['string']",
            id="field-as-list",
        ),
        pytest.param(
            "types__members", "member_joined: iam\n", "members.yaml: member_joined: must be a mapping", id="text"
        ),
        pytest.param("types__again", TYPE, "members.yaml: member_joined: is also in again.yaml", id="twice"),
        pytest.param("actors", "a_actor:\n  field: {}\n", "unknown keys: field (did you mean fields?)", id="actor-key"),
        pytest.param(
            "actors",
            "user_actor:\n  fields: {email: string}\n  moves: {emial: user.email}\n",
            "actors.yaml: user_actor: unknown member: `emial` (did you mean email?)",
            id="actor-member",
        ),
        pytest.param(
            "outcomes",
            "by_x:\n  values: {}\n",
            "outcomes.yaml: by_x: `field` must be the path of the value that decides",
            id="rule",
        ),
        pytest.param(
            "outcomes",
            "by_x:\n  field: a\n  values: {b: good}\n",
            "an outcome must be one of failure, success",
            id="rule-outcome",
        ),
        pytest.param(
            "outcomes",
            "by_x:\n  field: a\n  ranges: [[1, 2]]\n",
            "a range must be a list of the lowest number",
            id="rule-range",
        ),
        pytest.param(
            "fields",
            "published:\n  role: {type: keyword, related: users}\n",
            "`related` must be one of hosts, user",
            id="related",
        ),
        pytest.param("fields", "moved:\n  role: {rank: 1}\n", "a field needs `type`, `ecs` or both", id="nowhere"),
        pytest.param(
            "fields",
            "moved:\n  role: 7\n",
            "fields.yaml: moved.role: a field must be an Elasticsearch type or a mapping: 7",
            id="field-number",
        ),
        pytest.param(
            "fields",
            "published: {role: keyword}\nnewer: {role: keyword}\n",
            "fields.yaml: newer.role: occurs twice",
            id="field-in-two-sections",
        ),
        pytest.param(
            "fields", "own: {known: bool}\n", "fields.yaml: own.known: unsupported Elasticsearch type", id="own"
        ),
        pytest.param("fields", "own: [known]\n", "fields.yaml: own: must be a mapping", id="own-as-list"),
        pytest.param("catalogue", "- version\n", "catalogue.yaml: must be a mapping", id="list-of-nothing"),
        pytest.param("catalogue", "version: [1\n", "catalogue.yaml: ", id="no-yaml"),
        pytest.param(
            "catalogue",
            "version: 1\nenvelope: {id: txt}\n",
            "catalogue.yaml: envelope: unknown kind of field: `txt`",
            id="envelope",
        ),
    ],
)
def test_a_mistake_is_listed_with_its_place(write: Write, file: str, text: str, expected: str) -> None:
    assert any(expected in problem for problem in problems(write(**{file: text})))


def test_a_name_twice_in_a_file_is_a_mistake_and_not_the_last_one(write: Write) -> None:
    (problem, *_) = problems(write(types__members=TYPE + TYPE))

    assert problem.startswith("members.yaml: `member_joined` occurs twice")


def test_a_missing_file_is_a_mistake(write: Write) -> None:
    folder = write()
    (folder / "outcomes.yaml").unlink()

    assert "outcomes.yaml" in problems(folder)[0]


def test_our_own_catalogue_is_read_once() -> None:
    assert load() is load()
