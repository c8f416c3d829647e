"""From an activity's bytes to its ECS document: one pass over its members, by tables; never fails, never drops.

Most members of most activities are simply kept, and the way for them is short on purpose: how much history one core
can normalize is decided here. What is less plain goes on to `fields` and `actors`, and actors are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Final

import msgspec
import orjson

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.ports import Enrichment

from .actors import Scene, read_actor
from .changes import changes_in, changes_of
from .context import EnrichmentContext, NoEnrichment
from .drafts import Draft
from .fallbacks import apply_fallbacks, flag_changed
from .fast_path import FastPath, FeedFastPath
from .fields import place_fields
from .lenient_json import read_leniently
from .limits import MAX_ACTIVITY_BYTES, MAX_REMEMBERED_CHARS
from .options import DATASET, ECS, MODULE, Options
from .serialize import to_json
from .shapes import Shapes, compile_shapes
from .tables import Tables, TypePlan, compile_tables, plan_of_unknown
from .timestamps import is_usual, read_time
from .unreadable import error_document
from .urls import mask_members, masked
from .values import ANY_FLOAT, EXACT, LONG, Json, SpoiledError

_DEFAULT: Final = Options()
_TOO_LARGE: Final = f"it has more than {MAX_ACTIVITY_BYTES:,} bytes"
_MAX_CACHED_CONTEXTS: Final = 4096
_MAX_UNKNOWN_TYPES: Final = 10_000
_MAX_FEED_PATHS: Final = 64
_by_name = itemgetter(0)
_TEXTS: Final = frozenset({str, type(None)})
"""The classes of members that an actor can be found by: others can be equal without being the same."""


class _ActivityHead(msgspec.Struct, frozen=True, gc=False):
    id: str | None = None
    type: str | None = None
    created_at: str | None = None
    organization_id: str | None = None


_head = msgspec.json.Decoder(_ActivityHead)


class Normalizer:
    """A catalogue, compiled to normalize with.

    Parts that documents have in common (tags, categories, the user and source of an actor, …) are shared between them:
    build a new document rather than change one.
    """

    def __init__(self, catalogue: Catalogue, enrichment: Enrichment | None = None) -> None:
        self._tables, shapes = _compiled(catalogue)
        self._surroundings = EnrichmentContext(enrichment or NoEnrichment())
        self._plans: dict[Json, TypePlan] = dict(self._tables.plans)
        self._most_plans = len(self._plans) + _MAX_UNKNOWN_TYPES
        self._scenes: dict[Json, Scene] = {}
        self._express = FastPath(shapes, self._tables, self._surroundings)
        self._lanes: dict[Options, FeedFastPath] = {}

    @property
    def catalogue_version(self) -> str:
        """The version of the catalogue that documents are made with."""
        return self._tables.version

    def refresh(self) -> None:
        """Take notice of what has changed in the sources of enrichment; worth a call before each batch."""
        if self._surroundings.refresh():
            self._scenes.clear()
            self._express.forget_actors()

    def events(self, raws: Iterable[bytes], options: Options = _DEFAULT) -> Iterator[tuple[bytes, bool]]:
        """Yield each activity's document as JSON, and whether all of the activity was as the catalogue expects.

        This is the short way for many: what is as documented is written without building the document first.
        """
        is_short = options.is_plain and not options.preserve_original_event
        written = self._lane(options).written if is_short else _never
        for raw in raws:
            text = written(raw) if len(raw) <= MAX_ACTIVITY_BYTES else None
            if text is not None:
                yield text, True
            else:
                document = self.document(raw, options)
                yield to_json(document), is_expected(document)

    def document(self, raw: bytes, options: Options = _DEFAULT) -> dict[str, Json]:
        """Return the ECS document of an activity, or an error document when the bytes are no JSON object."""
        if len(raw) > MAX_ACTIVITY_BYTES:
            return self._of_large(raw, options)
        try:
            activity = orjson.loads(raw)
            document = self._normalized(activity, options, EXACT) if type(activity) is dict else None
        except (orjson.JSONDecodeError, SpoiledError):
            document = None
        if document is None:
            careful = read_leniently(raw)
            if isinstance(careful, str):
                return error_document(raw, careful, options)
            document = self._normalized(careful.activity, options, ANY_FLOAT)
            flag_changed(document, careful.changed)
        if options.preserve_original_event:
            document["event"]["original"] = raw.decode("utf-8", "backslashreplace")
        return document

    def large_event(self, head: Mapping[str, Json], options: Options = _DEFAULT) -> tuple[bytes, bool]:
        """Return the event of an activity that is too large to be read, by its id, type, time and organization."""
        return to_json(self._of_head(dict(head), options)), False

    def _of_large(self, raw: bytes, options: Options) -> dict[str, Json]:
        try:
            head = msgspec.structs.asdict(_head.decode(raw))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return error_document(b"", _TOO_LARGE, options)
        return self._of_head(head, options)

    def _of_head(self, head: dict[str, Json], options: Options) -> dict[str, Json]:
        document = self._normalized(head, options, EXACT)
        document["error"] = {"message": f"the activity is kept as received only: {_TOO_LARGE}"}
        return document

    def _lane(self, options: Options) -> FeedFastPath:
        lane = self._lanes.get(options)
        if lane is None:
            if len(self._lanes) >= _MAX_FEED_PATHS:
                self._lanes.clear()
            lane = self._lanes[options] = FeedFastPath(self._express, options)
        return lane

    def _normalized(self, activity: dict[str, Json], options: Options, exact: float) -> dict[str, Json]:
        take = activity.pop
        actor = take("actor", None)
        mask_members(activity)
        action, created_at = take("type", None), take("created_at", None)
        identity, organization = take("id", None), take("organization_id", None)
        try:
            plan = self._plans[action]
        except (KeyError, TypeError):
            plan = self._unknown(action)
        try:
            scene = self._scenes[(*actor, *actor.values())]
        except (KeyError, TypeError, AttributeError):
            scene = self._scene(actor, exact)
        parts, kept, is_actor = scene
        moment, audit = read_time(created_at), kept.copy()
        document: dict[str, Json] = {
            "@timestamp": moment,
            "anthropic": {"audit": audit},
            "data_stream": options.data_stream,
            "ecs": ECS,
            "event": {
                "action": action,
                "category": plan.category,
                "dataset": DATASET,
                "id": identity,
                "kind": "event",
                "module": MODULE,
                "outcome": plan.outcome if plan.rule is None else plan.rule.outcome(activity),
                "type": plan.kinds,
            },
            "organization": {"id": organization},
            "tags": options.tag_list,
            **parts,
        }
        if plan.sensitivity is not None:
            audit["sensitivity"] = plan.sensitivity
        odd = _keep_plain(activity, plan.plain, audit)
        if odd:
            odd.sort(key=_by_name)
            place_fields(Draft(document, audit, exact), odd, activity, plan=plan, rules=self._tables.fields)
        changes = changes_in(activity) if plan.changes is None else plan.changes
        if changes and (told := changes_of(activity, changes)):
            audit["changes"] = told
        is_whole = moment and is_usual(created_at, moment) and plan.is_known and is_actor and options.is_plain
        if not (is_whole and identity and organization and type(identity) is type(organization) is str):
            envelope = {"type": action, "id": identity, "created_at": created_at, "organization_id": organization}
            rest = envelope if is_actor else {**envelope, "actor": masked("actor", actor)}
            apply_fallbacks(Draft(document, audit, exact), rest, plan, options)
        return document

    def _scene(self, actor: Json, exact: float) -> Scene:
        """Read an actor, and remember it if it can be found again."""
        scene = read_actor(actor, self._tables, self._surroundings, exact)
        if type(actor) is dict and _TEXTS.issuperset(map(type, actor.values())) and _is_short(actor):
            if len(self._scenes) >= _MAX_CACHED_CONTEXTS:
                self._scenes.clear()
            self._scenes[(*actor, *actor.values())] = scene
        return scene

    def _unknown(self, action: Json) -> TypePlan:
        """Return the plan of a type that is in no catalogue; the plans of a bounded number of them are kept."""
        name = action if isinstance(action, str) and action else None
        plan = plan_of_unknown(name, self._tables.plain)
        if name is not None and len(name) <= MAX_REMEMBERED_CHARS and len(self._plans) < self._most_plans:
            self._plans[name] = plan
        return plan


def is_expected(document: Mapping[str, Json]) -> bool:
    """Say whether the catalogue knew all of an activity: nothing is flagged but the catalogue's version."""
    return "error" not in document and len(document.get("anthropic", {}).get("audit", {}).get("catalogue", ())) == 1


@lru_cache(maxsize=2)
def _compiled(catalogue: Catalogue) -> tuple[Tables, Shapes]:
    """Compile a catalogue, which takes some 0.1 s; what comes of it is never changed."""
    tables = compile_tables(catalogue)
    return tables, compile_shapes(catalogue, tables)


def _is_short(actor: Mapping[str, Json]) -> bool:
    """Say whether an actor is small enough to be remembered."""
    return sum(len(name) + len(value or "") for name, value in actor.items()) <= MAX_REMEMBERED_CHARS


def _never(raw: bytes) -> None:
    """Write nothing: these options need the long way."""
    del raw


def _keep_plain(activity: dict[str, Json], plain: Mapping[str, type], audit: dict[str, Json]) -> list[tuple[str, Json]]:
    """Keep the fields whose values are of the class that is documented, and return the others."""
    odd: list[tuple[str, Json]] = []
    for name, value in activity.items():
        kind = type(value)
        if kind is plain.get(name):
            if kind is str:
                if value:
                    audit[name] = value
            elif kind is bool or -LONG <= value < LONG:
                audit[name] = value
            else:
                odd.append((name, value))
        elif value is not None:
            odd.append((name, value))
    return odd
