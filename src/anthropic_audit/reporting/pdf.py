"""A report as PDF, laid out by Typst: what is in it goes there as JSON, never as markup."""

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
"""For keeping, and for those who listen instead of looking."""

_MAY_BREAK: Final = "\N{ZERO WIDTH SPACE}"


def to_pdf(report: Report) -> bytes:
    """Write a report as PDF.

    PDF/A demands that every sign can be drawn. Where a sign is in none of the fonts, ours or the system's, the report
    is plain PDF, and a box stands in the sign's place.
    """
    maker: Any = import_module("typst")
    told = {"report": orjson.dumps(_breakable(report)).decode()}
    at = report.made_at.replace(microsecond=0)
    with tempfile.TemporaryDirectory() as folder:
        fonts = _fonts(folder)

        def made(standards: list[typst.PDFStandard]) -> bytes:
            compiler = maker.Compiler(_TEMPLATE.read_bytes(), root=folder, font_paths=fonts, sys_inputs=told)
            return _only(compiler.compile(format="pdf", pdf_standards=standards, timestamp=at))

        try:
            return made(_STANDARDS)
        except maker.TypstError:
            return made([])


def _fonts(folder: str) -> typst.Fonts:
    """Return our fonts, in files as Typst wants them, and those of the system for what ours lack."""
    myfont = import_module("pymupdf_fonts").myfont
    for name in _FONTS:
        Path(folder, f"{name}.ttf").write_bytes(myfont(name))
    fonts: typst.Fonts = import_module("typst").Fonts(font_paths=[folder])
    return fonts


def _breakable(report: Report) -> dict[str, Any]:
    """Return a report as JSON has it, whose long words may be broken."""
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
    """Return the one file that was made."""
    return made if isinstance(made, bytes) else b"".join(made or [])
