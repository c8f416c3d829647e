"""A report as one HTML file, with its style and images inside and without scripts."""

from __future__ import annotations

import base64
from importlib import resources
from typing import Final

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from .blocks import Report
from .text import pieces

_TEMPLATES: Final = resources.files(__package__).joinpath("templates")


def to_html(report: Report) -> bytes:
    """Return a report as HTML; charts are embedded as images, so that nothing in them can run."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"picture": _picture, "breakable": _breakable}
    template = environment.from_string(_TEMPLATES.joinpath("report.html").read_text("utf-8"))
    style = _TEMPLATES.joinpath("report.css").read_text("utf-8")
    return template.render(report=report, style=style).encode(errors="replace")


def _picture(svg: str) -> str:
    return f"data:image/svg+xml;base64,{base64.b64encode(svg.encode(errors='replace')).decode()}"


def _breakable(text: str) -> Markup:
    """Return a text as escaped HTML, with break opportunities in long words."""
    return Markup("<wbr>").join(map(escape, pieces(text)))
