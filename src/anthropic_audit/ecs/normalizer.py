"""Normalize an activity's bytes to its ECS document: one pass over its members, by tables; never fails, never drops.

Most members of most activities are stored unchanged, and their code path is short on purpose: it decides how much
history one core can normalize. Other members are left to `fields` and `actors`; the parts of actors are cached.
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

from .actors import ActorParts, read_actor
from .changes import changes_in, changes_of
from .context import EnrichmentContext, NoEnrichment
from .drafts import Draft
from .fallbacks import apply_fallbacks, error_document, flag_changed
from .fast_path import FastPath, FeedFastPath
from .fields import place_fields
from .lenient_json import read_leniently
from .limits import MAX_ACTIVITY_BYTES, MAX_REMEMBERED_CHARS
from .options import DATASET, ECS, MODULE, Options
from .serialize import to_json
from .shapes import Shapes, compile_shapes
from .tables import Tables, TypePlan, compile_tables, plan_of_unknown
from .timestamps import is_usual, read_time
from .urls import mask_members, masked
from .values import ANY_FLOAT, EXACT, LONG, Json, SpoiledError

_DEFAULT: Final = Options()
_TOO_LARGE: Final = f"it has more than {MAX_ACTIVITY_BYTES:,} bytes"
_MAX_CACHED_CONTEXTS: Final = 4096
_MAX_UNKNOWN_TYPES: Final = 10_000
_MAX_FEED_PATHS: Final = 64
_by_name = itemgetter(0)
_TEXTS: Final = frozenset({str, type(None)})
"""The classes of members in the cache's key for actors: values of other classes can be equal and yet differ."""


class _ActivityHead(msgspec.Struct, frozen=True, gc=False):
    id: str | None = None
    type: str | None = None
    created_at: str | None = None
    organization_id: str | None = None


_head = msgspec.json.Decoder(_ActivityHead)


class Normalizer:
    """Normalizes activities by a catalogue.

    Documents share common parts (tags, categories, the user and source of an actor, …): build a new document instead
    of changing one.

    Args:
        catalogue: The catalogue, which is compiled once.
        enrichment: Facts about addresses and user agents, or None.
    """

    def __init__(self, catalogue: Catalogue, enrichment: Enrichment | None = None) -> None:
        self._tables, shapes = _compiled(catalogue)
        self._context = EnrichmentContext(enrichment or NoEnrichment())
        self._plans: dict[Json, TypePlan] = dict(self._tables.plans)
        self._max_plans = len(self._plans) + _MAX_UNKNOWN_TYPES
        self._actors: dict[Json, ActorParts] = {}
        self._shared_path = FastPath(shapes, self._tables, self._context)
        self._fast_paths: dict[Options, FeedFastPath] = {}

    @property
    def catalogue_version(self) -> str:
        """The version of the catalogue, which documents have in `anthropic.audit.catalogue.version`."""
        return self._tables.version

    def refresh(self) -> None:
        """Refresh the enrichment, and clear the cache if it has changed; call this before each batch."""
        if self._context.refresh():
            self._actors.clear()
            self._shared_path.forget_actors()

    def events(self, raws: Iterable[bytes], options: Options = _DEFAULT) -> Iterator[tuple[bytes, bool]]:
        """Yield each activity's document as JSON, and whether the whole activity was as the catalogue expects.

        An activity as documented takes the fast path, which writes JSON without building the document first.
        """
        is_fast = options.is_plain and not options.preserve_original_event
        written = self._fast_path(options).written if is_fast else _never
        for raw in raws:
            text = written(raw) if len(raw) <= MAX_ACTIVITY_BYTES else None
            if text is not None:
                yield text, True
            else:
                document = self.document(raw, options)
                yield to_json(document), is_expected(document)

    def document(self, raw: bytes, options: Options = _DEFAULT) -> dict[str, Json]:
        """Return the ECS document of an activity, or an error document when the bytes are not a JSON object."""
        if len(raw) > MAX_ACTIVITY_BYTES:
            return self._of_large(raw, options)
        try:
            activity = orjson.loads(raw)
            document = self._normalized(activity, options, EXACT) if type(activity) is dict else None
        except (orjson.JSONDecodeError, SpoiledError):
            document = None
        if document is None:
            lenient = read_leniently(raw)
            if isinstance(lenient, str):
                return error_document(raw, lenient, options)
            document = self._normalized(lenient.activity, options, ANY_FLOAT)
            flag_changed(document, lenient.changed)
        if options.preserve_original_event:
            document["event"]["original"] = raw.decode("utf-8", "backslashreplace")
        return document

    def large_event(self, head: Mapping[str, Json], options: Options = _DEFAULT) -> tuple[bytes, bool]:
        """Return the event of an activity above `MAX_ACTIVITY_BYTES` as JSON, and False.

        Args:
            head: The activity's `id`, `type`, `created_at` and `organization_id`.
            options: The options of its feed.
        """
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

    def _fast_path(self, options: Options) -> FeedFastPath:
        fast_path = self._fast_paths.get(options)
        if fast_path is None:
            if len(self._fast_paths) >= _MAX_FEED_PATHS:
                self._fast_paths.clear()
            fast_path = self._fast_paths[options] = FeedFastPath(self._shared_path, options)
        return fast_path

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
            actor_parts = self._actors[(*actor, *actor.values())]
        except (KeyError, TypeError, AttributeError):
            actor_parts = self._actor_parts(actor, exact)
        parts, actor_audit, is_actor = actor_parts
        moment, audit = read_time(created_at), actor_audit.copy()
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
        if changes and (changed := changes_of(activity, changes)):
            audit["changes"] = changed
        is_whole = moment and is_usual(created_at, moment) and plan.is_known and is_actor and options.is_plain
        if not (is_whole and identity and organization and type(identity) is type(organization) is str):
            envelope = {"type": action, "id": identity, "created_at": created_at, "organization_id": organization}
            rest = envelope if is_actor else {**envelope, "actor": masked("actor", actor)}
            apply_fallbacks(Draft(document, audit, exact), rest, plan, options)
        return document

    def _actor_parts(self, actor: Json, exact: float) -> ActorParts:
        """Return the parts of an actor, and cache them if its members can be a key."""
        actor_parts = read_actor(actor, self._tables, self._context, exact)
        if type(actor) is dict and _TEXTS.issuperset(map(type, actor.values())) and _is_short(actor):
            if len(self._actors) >= _MAX_CACHED_CONTEXTS:
                self._actors.clear()
            self._actors[(*actor, *actor.values())] = actor_parts
        return actor_parts

    def _unknown(self, action: Json) -> TypePlan:
        """Return the plan of a type that the catalogue lacks; a bounded number of these plans is cached."""
        name = action if isinstance(action, str) and action else None
        plan = plan_of_unknown(name, self._tables.plain)
        if name is not None and len(name) <= MAX_REMEMBERED_CHARS and len(self._plans) < self._max_plans:
            self._plans[name] = plan
        return plan


def is_expected(document: Mapping[str, Json]) -> bool:
    """Return whether the catalogue knew the whole activity: the document has no error and no flags."""
    return "error" not in document and len(document.get("anthropic", {}).get("audit", {}).get("catalogue", ())) == 1


@lru_cache(maxsize=2)
def _compiled(catalogue: Catalogue) -> tuple[Tables, Shapes]:
    """Compile a catalogue, which takes some 0.1 s; the results are never changed."""
    tables = compile_tables(catalogue)
    return tables, compile_shapes(catalogue, tables)


def _is_short(actor: Mapping[str, Json]) -> bool:
    """Return whether an actor is small enough to be cached."""
    return sum(len(name) + len(value or "") for name, value in actor.items()) <= MAX_REMEMBERED_CHARS


def _never(raw: bytes) -> None:
    """Return None: the fast path does not support these options."""
    del raw


def _keep_plain(activity: dict[str, Json], plain: Mapping[str, type], audit: dict[str, Json]) -> list[tuple[str, Json]]:
    """Store the fields whose values are of the documented class, and return the others."""
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
