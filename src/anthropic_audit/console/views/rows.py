"""An event as a row of a list: time, sentence, actor, outcome and source."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anthropic_audit.console import entities
from anthropic_audit.console.context import Viewer
from anthropic_audit.console.truncation import cut_value, is_linkable
from anthropic_audit.documents import value_at
from anthropic_audit.privacy.masking import Document, Masking
from anthropic_audit.query import SearchHit


def row(viewer: Viewer, hit: SearchHit, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return the cells of an event's row, and the values of additional columns."""
    context, masking = viewer.context, viewer.masking
    document = masking.document(hit.fields)
    who = (
        value_at(document, "user.email")
        or value_at(document, "anthropic.audit.actor.name")
        or value_at(document, "user.id")
    )
    return {
        "seq": hit.seq,
        "at": value_at(document, "@timestamp"),
        "told": context.sentences.write(document),
        "action": value_at(document, "event.action"),
        "outcome": value_at(document, "event.outcome"),
        "sensitivity": value_at(document, "anthropic.audit.sensitivity"),
        "who": who,
        "source": value_at(document, "source.ip"),
        "country": value_at(document, "source.geo.country_iso_code"),
        "cells": [_cell(document, name, masking) for name in columns],
    }


def shown_row(viewer: Viewer, hit: SearchHit, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Return an event's row for a page, with long values cut; exports use `row`."""
    whole = row(viewer, hit, columns)
    cells = [
        {"value": cut_value(cell["value"]), "link": cell["link"] if is_linkable(cell["value"]) else None}
        for cell in whole.pop("cells")
    ]
    return {**{name: cut_value(value) for name, value in whole.items()}, "cells": cells}


def _cell(document: Document, field: str, masking: Masking) -> dict[str, Any]:
    value = value_at(document, field)
    link = entities.path(field, value) if isinstance(value, str) and not masking.hides(field) else None
    return {"value": value, "link": link}
