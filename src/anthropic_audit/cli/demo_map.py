"""A world map of events, drawn with characters that any terminal and any file can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.text import Text

from anthropic_audit.query import Spot

_LAND = (
    "       .                                   ...                    .",
    "   ... .. . .     ..   . ..     ...   ........  ...... .      .           .",
    "    .......  .. .. .    .         .  .. ................. ...... ...  .",
    "   ..     ..........  . . .         ............................... ..  .",
    "            ................         .....................  .. .......",
    "            ..............           ..................... ...........",
    "             ............        .. . ...................   ..........",
    "              .........  .         .............................. .",
    "     ..        .... ....           ..    .   ......................",
    "      .         ...........      .... ...    ......   ......... .",
    "                   ........        ...............    ...  .... ..   .",
    "     .                .......       ........ .....    ...  ....... .   ..  .",
    "  .                . ..........         ... ....  .   .    ...........     .",
    "  .      .           ...........         ... ...  .         ......  .....   .",
    "  .    .              ..........         .........                .. .      .",
    "  .    .               ........           ..... ....           ..   ...  .. .",
    "               .        ......            ..... .              ..  .....  .",
    "                       ......             ....                 .. ......   .",
    "                       .....                                        ...    ..",
    "                       ...                                           ..   ..",
)
"""Populated land: rows from north to south, columns from the date line eastwards."""

_WIDTH = 76
_NORTH, _SOUTH = 76.0, -48.0
_DOTS = ((0.05, "∙", "cyan"), (0.5, "•", "bold cyan"), (1.0, "●", "bold cyan"))
"""Character and style of a dot, by the highest share of the largest count."""


def world_map(spots: Iterable[Spot]) -> Text:
    """Draw the number of events by location; locations beyond the map's edges are left out."""
    counts: Counter[tuple[int, int]] = Counter()
    for spot in spots:
        cell = _cell(spot.latitude, spot.longitude)
        if cell is not None:
            counts[cell] += spot.events
    largest = max(counts.values(), default=1)
    drawn = Text()
    for row, line in enumerate(_LAND):
        for column, character in enumerate(line.ljust(_WIDTH + 1)):
            number = counts[row, column]
            if number:
                drawn.append(*_dot(number / largest))
            else:
                drawn.append("·" if character == "." else character, style="dim")
        drawn.append("\n")
    drawn.rstrip()
    return drawn


def _cell(latitude: float, longitude: float) -> tuple[int, int] | None:
    row = int((_NORTH - latitude) / (_NORTH - _SOUTH) * len(_LAND))
    column = 1 + int((longitude + 180) / 360 * _WIDTH) % _WIDTH
    return (row, column) if _SOUTH < latitude <= _NORTH else None


def _dot(share: float) -> tuple[str, str]:
    return next((character, style) for most, character, style in _DOTS if share <= most)
