"""Search an archive: queries by fields and words, aggregations, pages of results and exports."""

from .aggregations import (
    Bucket,
    FirstSeen,
    FirstSeenIndex,
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
from .execute import SearchHit, run
from .fields import check_fields, document_fields, known_fields, suggest
from .kql import equality, parse_kql
from .measures import CRITICAL, FAILURE, FIRST_SEEN, NOTABLE, SIGN_IN
from .paging import ResultPage, SortOrder, newest_since, page
from .record_stream import RecordKind, RecordSelection, lines
from .sql import SearchRequest

__all__ = [
    "CRITICAL",
    "EVERYTHING",
    "FAILURE",
    "FIRST_SEEN",
    "NOTABLE",
    "SIGN_IN",
    "AllOf",
    "AnyOf",
    "Bucket",
    "Condition",
    "FirstSeen",
    "FirstSeenIndex",
    "Not",
    "Operator",
    "Query",
    "RecordKind",
    "RecordSelection",
    "ResultPage",
    "SearchHit",
    "SearchRequest",
    "SortOrder",
    "Spot",
    "Totals",
    "Values",
    "Word",
    "check_fields",
    "document_fields",
    "equality",
    "first_seen",
    "is_everything",
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
    "weight_of",
]
