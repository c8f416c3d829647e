"""Countries and continents by their codes (ISO 3166-1), for databases without names."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

CONTINENTS: Mapping[str, str] = MappingProxyType(
    {
        "AF": "Africa",
        "AN": "Antarctica",
        "AS": "Asia",
        "EU": "Europe",
        "NA": "North America",
        "OC": "Oceania",
        "SA": "South America",
    }
)
"""Names of continents by the codes that databases use."""


class Country(NamedTuple):
    """A country: the code of its continent, and its English name."""

    continent: str
    name: str


@cache
def countries() -> Mapping[str, Country]:
    """Return the countries by their two-letter codes."""
    table = files(__package__).joinpath("countries.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in table.splitlines()[1:])
    return MappingProxyType({code: Country(continent, name) for code, continent, name in rows})
