"""Fields that move to ECS: target users, organization, request, file; each only while its place is free."""

from __future__ import annotations

from collections.abc import Mapping

from .draft import Draft
from .tables import Move, Place
from .urls import url_parts
from .values import Json, milliseconds

_URL = ("url", "original")
_ROLES = "roles"


def place_moving(moving: Mapping[str, Json], draft: Draft, moves: Mapping[str, Move], action: str | None) -> None:
    """Move these members; one that comes second, or does not fit, keeps its own field or goes to the rest."""
    order = [name for name in moves if name in moving] if len(moving) > 1 else moving
    for name in order:
        value, move = moving[name], moves[name]
        if not _is_meant(move, moving, draft, action) or draft.at(move.path) is not None:
            _keep(name, value, draft, move.place)
        elif not move.fits(value):
            draft.keep(name, value)
        elif move.path == _URL:
            draft.document["url"] = dict(url_parts(value))
        else:
            draft.place(move.path, [value] if move.path[-1] == _ROLES else value)


def place_audit(value: Json, name: str, place: Place, draft: Draft) -> None:
    """Copy a member to its field below `anthropic.audit`, or keep it when its value does not fit."""
    if place.is_text and isinstance(value, str):
        draft.audit[place.name] = value
    elif not place.fits(value):
        draft.keep(name, value)
    elif place.is_text:
        draft.audit[place.name] = str(value)
    else:
        draft.audit[place.name] = milliseconds(value) if place.type == "date" else value
        if place.related is not None:
            draft.related_users.extend(value if isinstance(value, list) else [value])


def _is_meant(move: Move, moving: Mapping[str, Json], draft: Draft, action: str | None) -> bool:
    if move.only_for and action not in move.only_for:
        return False
    if move.when is None:
        return True
    other, wanted = move.when
    return bool((draft.audit.get(other) or moving.get(other)) == wanted)


def _keep(name: str, value: Json, draft: Draft, place: Place | None) -> None:
    if place is None:
        draft.rest[name] = value
    else:
        place_audit(value, name, place, draft)
