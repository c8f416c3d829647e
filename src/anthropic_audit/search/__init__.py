"""Questions to an archive: search by fields and words, everything in its order."""

from .aggregations import (
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
from .ast import EVERYTHING, AllOf, AnyOf, Not, Query, Word, is_everything, weight_of
from .conditions import Condition, Operator, parse_condition
from .demo_figures import Spot, most_frequent, on_the_map, per_day
from .echo import Accesses, Echo, Spender, Stranger, accesses, can_hear
from .execute import Hit, run
from .fields import check_fields, document_fields, known_fields, suggest
from .kept import Kept, kept
from .kql import equality, parse_kql
from .measures import CRITICAL, FAILURE, FIRST_SEEN, NOTABLE, SIGN_IN
from .paging import Order, Page, newest_since, page
from .record_stream import Selection, What, lines
from .sql import Question
from .undelivered import Undelivered, undelivered

__all__ = [
    "CRITICAL",
    "EVERYTHING",
    "FAILURE",
    "FIRST_SEEN",
    "NOTABLE",
    "SIGN_IN",
    "Accesses",
    "AllOf",
    "AnyOf",
    "Bucket",
    "Condition",
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
    "Stranger",
    "Totals",
    "Undelivered",
    "Values",
    "What",
    "Word",
    "accesses",
    "can_hear",
    "check_fields",
    "document_fields",
    "equality",
    "first_seen",
    "is_everything",
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
    "suggest",
    "top_values",
    "top_values_of",
    "totals",
    "undelivered",
    "weight_of",
]
