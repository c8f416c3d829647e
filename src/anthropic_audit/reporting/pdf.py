"""A report as PDF, laid out by Typst, which gets its content as JSON and never as markup."""

from __future__ import annotations

import tempfile
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from .blocks import Report
from .text import pieces

if TYPE_CHECKING:
    import typst  # loaded by the first report: no other command needs it

_TEMPLATE: Final = resources.files(__package__).joinpath("templates", "report.typ")
_FONTS: Final = ("figo", "figbo", "symbol1", "symbol2", "math")
"""FiraGO (Latin, Greek, Cyrillic, Arabic, Hebrew, Thai, Georgian, Devanagari), and symbols."""
_STANDARDS: Final[list[typst.PDFStandard]] = ["a-2a", "ua-1"]
"""PDF/A-2a for archiving, and PDF/UA-1 for accessibility."""

_MAY_BREAK: Final = "\N{ZERO WIDTH SPACE}"


def to_pdf(report: Report) -> bytes:
    """Return a report as PDF/A-2a and PDF/UA-1.

    PDF/A requires a glyph for every character. If neither the bundled nor the system's fonts have one, the report is
    plain PDF, with a box in place of the character.
    """
    maker: Any = import_module("typst")
    inputs = {"report": orjson.dumps(_breakable(report)).decode()}
    at = report.made_at.replace(microsecond=0)
    with tempfile.TemporaryDirectory() as folder:
        fonts = _fonts(folder)

        def made(standards: list[typst.PDFStandard]) -> bytes:
            compiler = maker.Compiler(_TEMPLATE.read_bytes(), root=folder, font_paths=fonts, sys_inputs=inputs)
            return _only(compiler.compile(format="pdf", pdf_standards=standards, timestamp=at))

        try:
            return made(_STANDARDS)
        except maker.TypstError:
            return made([])


def _fonts(folder: str) -> typst.Fonts:
    """Return the bundled fonts, written to files for Typst, and the system's fonts for missing characters."""
    myfont = import_module("pymupdf_fonts").myfont
    for name in _FONTS:
        Path(folder, f"{name}.ttf").write_bytes(myfont(name))
    fonts: typst.Fonts = import_module("typst").Fonts(font_paths=[folder])
    return fonts


def _breakable(report: Report) -> dict[str, Any]:
    """Return a report as JSON values, with break opportunities in long words."""
    read: dict[str, Any] = orjson.loads(orjson.dumps(report))
    broken: dict[str, Any] = _each_text(read)
    return broken


def _each_text(value: Any, name: str = "") -> Any:  # noqa: ANN401 - whatever JSON holds
    match value:
        case dict():
            return {key: _each_text(below, key) for key, below in value.items()}
        case list():
            return [_each_text(one, name) for one in value]
        case str() if name not in {"svg", "kind", "align"}:
            return _MAY_BREAK.join(pieces(value))
    return value


def _only(made: bytes | list[bytes] | None) -> bytes:
    """Return the compiled file."""
    return made if isinstance(made, bytes) else b"".join(made or [])
