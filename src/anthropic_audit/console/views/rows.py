"""An event in one row: when, what in plain words, who, how it went, from where."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anthropic_audit.console import entities
from anthropic_audit.console.context import Viewer
from anthropic_audit.console.masking import Document, Masking
from anthropic_audit.console.truncation import cut_value, is_linkable
from anthropic_audit.documents import value_at
from anthropic_audit.search import SearchHit


def row(viewer: Viewer, hit: SearchHit, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return what a row shows of an event, and the values of further columns."""
    place, lens = viewer.place, viewer.lens
    document = lens.document(hit.fields)
    who = (
        value_at(document, "user.email")
        or value_at(document, "anthropic.audit.actor.name")
        or value_at(document, "user.id")
    )
    return {
        "seq": hit.seq,
        "at": value_at(document, "@timestamp"),
        "told": place.teller.tell(document),
        "action": value_at(document, "event.action"),
        "outcome": value_at(document, "event.outcome"),
        "sensitivity": value_at(document, "anthropic.audit.sensitivity"),
        "who": who,
        "source": value_at(document, "source.ip"),
        "country": value_at(document, "source.geo.country_iso_code"),
        "cells": [_cell(document, name, lens) for name in columns],
    }


def shown_row(viewer: Viewer, hit: SearchHit, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return the same for a page, with long values cut; exports have them whole."""
    whole = row(viewer, hit, columns)
    cells = [
        {"value": cut_value(cell["value"]), "link": cell["link"] if is_linkable(cell["value"]) else None}
        for cell in whole.pop("cells")
    ]
    return {**{name: cut_value(value) for name, value in whole.items()}, "cells": cells}


def _cell(document: Document, field: str, lens: Masking) -> dict[str, Any]:
    value = value_at(document, field)
    link = entities.path(field, value) if isinstance(value, str) and not lens.hides(field) else None
    return {"value": value, "link": link}
