"""A map of the world, drawn with signs that any terminal and any file can show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.text import Text

from anthropic_audit.search import Spot

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
"""Where people live: rows from north to south, columns from the date line eastwards."""

_WIDTH = 76
_NORTH, _SOUTH = 76.0, -48.0
_SIGNS = ((0.05, "∙", "cyan"), (0.5, "•", "bold cyan"), (1.0, "●", "bold cyan"))
"""Signs for a share of the largest count."""


def world_map(spots: Iterable[Spot]) -> Text:
    """Draw how many events come from where; spots beyond the map's edges are left out."""
    counts: Counter[tuple[int, int]] = Counter()
    for spot in spots:
        place = _place(spot.latitude, spot.longitude)
        if place is not None:
            counts[place] += spot.events
    largest = max(counts.values(), default=1)
    drawn = Text()
    for row, line in enumerate(_LAND):
        for column, sign in enumerate(line.ljust(_WIDTH + 1)):
            number = counts[row, column]
            if number:
                drawn.append(*_sign(number / largest))
            else:
                drawn.append("·" if sign == "." else sign, style="dim")
        drawn.append("\n")
    drawn.rstrip()
    return drawn


def _place(latitude: float, longitude: float) -> tuple[int, int] | None:
    row = int((_NORTH - latitude) / (_NORTH - _SOUTH) * len(_LAND))
    column = 1 + int((longitude + 180) / 360 * _WIDTH) % _WIDTH
    return (row, column) if _SOUTH < latitude <= _NORTH else None


def _sign(share: float) -> tuple[str, str]:
    return next((sign, style) for most, sign, style in _SIGNS if share <= most)
