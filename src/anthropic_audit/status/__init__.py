"""The status of feeds: what each has covered, which gaps it has, and whether it is current.

Every view (`status`, `gaps`, `check`, `/readyz`, metrics, console, report) shows what this package computes.
"""

from .feeds import FeedState, FeedStatus, RecordCounts, count_records, feed_state, feed_statuses
from .gaps import FeedGap, current_gaps

__all__ = [
    "FeedGap",
    "FeedState",
    "FeedStatus",
    "RecordCounts",
    "count_records",
    "current_gaps",
    "feed_state",
    "feed_statuses",
]
