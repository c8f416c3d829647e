"""Charts for print: the console's specifications without interaction, rendered as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from .specs import Spec

WIDE: Final = 680
NARROW: Final = 330
"""Widths in pixels of a chart over the page, and of one of two side by side."""

LAND: Final = "#d9d4ca"
INK: Final = "#1f1e1c"
SOFT: Final = "#65615a"
LINE: Final = "#e3dfd8"
ACCENT: Final = "#b4512d"
COLOURS: Final = (
    "#b4512d", "#3d6b8e", "#7a8b3c", "#8a5a9e", "#d39b3a", "#3f8f86", "#c0607c", "#6e6a63", "#5c7fc4", "#94704c",
)  # fmt: skip
FONTS: Final = "FiraGO, 'Fira Sans', system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

_INTERACTIVE: Final = frozenset({"params", "tooltip", "cursor", "$schema"})
_VERSION: Final = "6.4"
_CONFIG: Final[Mapping[str, Any]] = {
    "font": FONTS,
    "background": None,
    "aria": False,
    "view": {"stroke": None},
    "range": {"category": list(COLOURS)},
    "mark": {"color": ACCENT},
    "bar": {"color": ACCENT},
    "circle": {"color": ACCENT},
    "axis": {
        "labelColor": SOFT,
        "titleColor": SOFT,
        "titleFontWeight": "normal",
        "labelFontSize": 11,
        "titleFontSize": 11,
        "gridColor": LINE,
        "domainColor": LINE,
        "tickColor": LINE,
    },
    "legend": {"labelColor": INK, "labelFontSize": 11, "labelLimit": 260, "symbolType": "square"},
}


def still(spec: Spec, width: int) -> Spec:
    """Return a specification for print: with a fixed width, without interaction, and with a colour for land."""
    return {**_static(spec), "width": width, "autosize": {"type": "fit-x", "contains": "padding"}}


def svg(spec: Spec, width: int) -> str:
    """Return a specification rendered as SVG; no URL is fetched."""
    vl_convert = import_module("vl_convert")  # imported by the first chart, as no other command needs it
    return str(vl_convert.vegalite_to_svg(still(spec, width), _VERSION, config=dict(_CONFIG), allowed_base_urls=[]))


def _static(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Return a specification without interaction; conditions on a selection have the value for selected marks."""
    if isinstance(value, list):
        return [_static(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value == {"value": "land"}:
        return {"value": LAND}
    if "param" in value.get("condition", {}):
        return {"value": value["condition"]["value"]}
    return {
        name: below if name == "data" else _static(below) for name, below in value.items() if name not in _INTERACTIVE
    }
