"""Questions to an archive: search by fields and words, everything in its order, and how each feed stands."""

from .conditions import Condition, Operator, parse_condition
from .counting import (
    Bucket,
    Firsts,
    FirstSeen,
    Totals,
    Values,
    first_seen,
    over_time,
    top_values,
    top_values_of,
    totals,
)
from .echo import Echo, Spender, Stranger, can_hear, echoes, spenders, strangers
from .fields import check_fields, document_fields, known_fields, suggest
from .figures import Spot, most_frequent, on_the_map, per_day
from .kept import Kept, kept
from .kql import equality, parse_kql
from .paging import Order, Page, newest_since, page
from .query import EVERYTHING, AllOf, AnyOf, Not, Query, Word, weight_of
from .question import Question
from .records import Selection, What, lines
from .run import Hit, run
from .standing import Counts, Standing, count, standings

__all__ = [
    "EVERYTHING",
    "AllOf",
    "AnyOf",
    "Bucket",
    "Condition",
    "Counts",
    "Echo",
    "FirstSeen",
    "Firsts",
    "Hit",
    "Kept",
    "Not",
    "Operator",
    "Order",
    "Page",
    "Query",
    "Question",
    "Selection",
    "Spender",
    "Spot",
    "Standing",
    "Stranger",
    "Totals",
    "Values",
    "What",
    "Word",
    "can_hear",
    "check_fields",
    "count",
    "document_fields",
    "echoes",
    "equality",
    "first_seen",
    "kept",
    "known_fields",
    "lines",
    "most_frequent",
    "newest_since",
    "on_the_map",
    "over_time",
    "page",
    "parse_condition",
    "parse_kql",
    "per_day",
    "run",
    "spenders",
    "standings",
    "strangers",
    "suggest",
    "top_values",
    "top_values_of",
    "totals",
    "weight_of",
]
