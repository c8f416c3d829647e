"""The fast path gives the same documents as `Normalizer.document`, whatever the input."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from operator import itemgetter
from random import Random
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.batches import batches

from anthropic_audit.catalogue import AuditField, FieldSpec, load
from anthropic_audit.ecs import Normalizer, Options, to_json
from anthropic_audit.ecs.fast_path import FeedFastPath
from anthropic_audit.ecs.normalizer import is_expected
from anthropic_audit.simulator.world import World, WorldSettings

Json = Any

CATALOGUE = load()
NORMALIZER = Normalizer(CATALOGUE)
WORLD = World(WorldSettings(), CATALOGUE)
FAST_PATH = FeedFastPath(NORMALIZER._shared_path, Options())
PAIRS = [(kind.name, actor) for kind in CATALOGUE.types.values() for actor in kind.actors]

odd_values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(
        [[], {}, [""], [None], [{}], ["a", ""], ["a", 1], {"a": None}, {"outcome": "denied", "reason": "x"}]
    ),
    st.sampled_from(["user", "https://u:p@a.example/b.tar.gz?c#d", "x.pdf", "\u2028", "😀", '"\\', "\x00"]),
    st.lists(st.dictionaries(st.sampled_from(["type", "current_value", "previous_value", "x"]), st.text(max_size=3))),
)
times = st.one_of(
    odd_values,
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.sampled_from(
        [
            "2026-05-22T09:00:00.1239999Z",
            "2026-05-22T09:00:00.9999999Z",
            "2026-05-22T09:00:00.123456789Z",
            "2026-05-22T09:00:00+02:00",
            "2026-05-22T09:00:00.5+00:00",
            "2026-05-22t09:00:00z",
            "2026-05-22 09:00:00Z",
            "2026-05-22T09:00:00",
            "2026-05-22T24:00:00Z",
            "2026-W21-5T09:00:00.000000Z",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59.9999999Z",
        ]
    ),
)


def both(raw: bytes, options: Options | None = None) -> tuple[Json, Json]:
    """Return the documents of both paths for an activity; assert that they agree on whether it was expected."""
    ((text, known),) = NORMALIZER.events([raw], options or Options())
    document = NORMALIZER.document(raw, options or Options())
    assert known == is_expected(document)
    return json.loads(text), json.loads(to_json(document))


def changed(activity: Mapping[str, Json], changes: Mapping[str, Json]) -> dict[str, Json]:
    """Return an activity with other values for some fields; a name with a dot is a member of the actor."""
    made = {name: dict(value) if name == "actor" else value for name, value in activity.items()}
    for name, value in changes.items():
        actor, _, member = name.partition(".")
        place = made["actor"] if member and isinstance(made.get("actor"), dict) else made
        place[member or actor] = deepcopy(value)
    return made


@st.composite
def nearly_documented(draw: st.DrawFn) -> dict[str, Json]:
    """Draw an activity as documented, with some fields changed."""
    name, actor = draw(st.sampled_from(PAIRS))
    activity = WORLD.example(name, actor, Random(draw(st.integers(0, 50))))
    places = [
        *CATALOGUE.types[name].fields,
        *(f"actor.{member}" for member in CATALOGUE.actors[actor].fields),
        *(
            "id",
            "created_at",
            "organization_id",
            "organization_uuid",
            "type",
            "actor",
            "actor.type",
            "actor.new",
            "new",
        ),
        *draw(st.lists(st.sampled_from(sorted(CATALOGUE.fields)), max_size=2)),
    ]
    changes = draw(st.dictionaries(st.sampled_from(places), odd_values, max_size=3))
    if draw(st.booleans()):
        changes["created_at"] = draw(times)
    made = changed(activity, changes)
    order = draw(st.permutations(list(made)))
    return {one: made[one] for one in order}


@pytest.mark.parametrize("kinds", batches(CATALOGUE.types), ids=itemgetter(0))
def test_an_activity_as_documented_takes_the_fast_path_with_any_actor(kinds: list[str]) -> None:
    for kind in kinds:
        chance = Random(kind)
        made = [
            orjson.dumps(WORLD.example(kind, actor, chance)) for actor in CATALOGUE.types[kind].actors for _ in range(3)
        ]

        written = [FAST_PATH.written(raw) for raw in made]

        assert None not in written, kind
        assert [orjson.loads(text) for text in written if text] == [NORMALIZER.document(raw) for raw in made], kind


@settings(max_examples=300, deadline=None)
@given(nearly_documented(), st.booleans())
def test_both_ways_give_the_same_of_what_is_nearly_documented(activity: dict[str, Json], is_ascii: bool) -> None:
    raw = json.dumps(activity, ensure_ascii=is_ascii).encode("utf-8", "surrogatepass")

    short, long = both(raw)

    assert short == long


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from(PAIRS),
    st.integers(0, 20),
    st.lists(st.tuples(st.integers(0, 2000), st.binary(max_size=3)), max_size=3),
)
def test_both_ways_give_the_same_of_broken_bytes(
    pair: tuple[str, str], seed: int, damages: list[tuple[int, bytes]]
) -> None:
    raw = orjson.dumps(WORLD.example(*pair, Random(seed)))
    for at, damage in damages:
        raw = raw[: at % len(raw)] + damage + raw[at % len(raw) + len(damage) :]

    short, long = both(raw)

    assert short == long


@pytest.mark.parametrize(
    "part",
    [
        pytest.param(b'"claude_chat_id":"\\ud800"', id="lone-surrogate"),
        pytest.param(b'"claude_chat_id":"\\ud83d\\u0041"', id="half-a-pair"),
        pytest.param(b'"claude_chat_id":"\\ud83d\\ude00"', id="a-pair"),
        pytest.param(b'"claude_chat_id":"\xff"', id="no-utf-8"),
        pytest.param(b'"claude_chat_id":"a","claude_chat_id":"b"', id="a-name-twice"),
        pytest.param(b'"id":"activity_2"', id="another-id"),
        pytest.param(b'"id":"a\\"b"', id="an-id-with-a-quote"),
        pytest.param('"id":"ü"'.encode(), id="an-id-with-an-umlaut"),
        pytest.param(b'"type":"claude_chat_viewed"', id="another-type"),
        pytest.param(b'"actor":null', id="no-actor"),
        pytest.param(b'"actor":"somebody"', id="an-actor-in-words"),
        pytest.param(b'"actor":{"type":"user_actor","user_id":"\xff"}', id="an-actor-that-is-no-utf-8"),
        pytest.param(b'"actor":{"type":"user_actor","user_id":NaN}', id="an-actor-with-nan"),
        pytest.param(b'"actor":{"type":"new_actor","robot_id":"r1"}', id="an-unknown-actor"),
        pytest.param(b'"actor":{"type":"system_actor"}', id="an-actor-without-members"),
        pytest.param(b'"actor":{}', id="an-empty-actor"),
        pytest.param(b'"new":' + b"[" * 40 + b"]" * 40, id="deep"),
        pytest.param(b'"new":' + b"[" * 5000 + b"]" * 5000, id="too-deep-for-any-parser"),
    ],
)
def test_both_ways_give_the_same_of_traps(part: bytes) -> None:
    alice = (
        b'"actor":{"type":"user_actor","email_address":"a@b.example","user_id":"u","ip_address":"::1","user_agent":"x"}'
    )
    start = b'{"id":"activity_1","created_at":"2026-05-22T09:00:00Z","type":"claude_chat_created","claude_chat_id":"c",'

    short, long = both(start + alice + b"," + part + b"}")

    assert short == long


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(Options(), id="usual"),
        pytest.param(Options(tags=("ö", '"')), id="tags"),
        pytest.param(Options(tags=()), id="no-tags"),
        pytest.param(Options(namespace="a.b"), id="namespace"),
        pytest.param(Options(preserve_original_event=True), id="original"),
    ],
)
def test_both_ways_give_the_same_with_any_options(options: Options) -> None:
    raw = orjson.dumps(WORLD.example("claude_chat_created", "user_actor", Random(1)))

    short, long = both(raw, options)

    assert short == long


@pytest.mark.parametrize("name", ["odd name", "class", "plan", "id", "type", "ü-1"])
def test_a_type_whose_field_has_an_impossible_name_does_not_take_the_fast_path(name: str) -> None:
    kind = CATALOGUE.types["claude_chat_created"]
    odd = replace(kind, fields={**kind.fields, name: FieldSpec("string")})
    catalogue = replace(
        CATALOGUE,
        types={**CATALOGUE.types, odd.name: odd},
        fields={**CATALOGUE.fields, name: AuditField(name, "keyword")},
    )
    normalizer = Normalizer(catalogue)
    raw = orjson.dumps(
        {**WORLD.example(odd.name, "user_actor", Random(1)), **({} if name in ("id", "type") else {name: "x"})}
    )

    ((text, _),) = normalizer.events([raw])

    assert orjson.loads(text) == normalizer.document(raw)


def test_remembering_actors_and_organizations_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anthropic_audit.ecs.fast_path._MAX_CACHED_ACTORS", 3)
    monkeypatch.setattr("anthropic_audit.ecs.fast_path._MAX_CACHED_ORGANIZATIONS", 3)
    normalizer = Normalizer(CATALOGUE)
    fast_path = FeedFastPath(normalizer._shared_path, Options())

    for number in range(20):
        activity = WORLD.example("claude_chat_created", "user_actor", Random(number))
        raw = orjson.dumps({**activity, "organization_id": f"org_{number}"})
        text = fast_path.written(raw)
        assert text is not None
        assert orjson.loads(text) == normalizer.document(raw)

    assert len(normalizer._shared_path.endings) <= 3
    assert len(normalizer._shared_path.actors) <= 3
    assert len(fast_path._middles) <= 3
