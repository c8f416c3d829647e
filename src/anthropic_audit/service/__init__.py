"""What puts the rooms together: plan, walk, store, claim, normalize; for one run or for good, for one feed or many."""

from .collector import Collector, Outcome
from .feeds import FeedRun, open_feeds
from .history import History, HistoryRead, HistoryRules

__all__ = [
    "Collector",
    "FeedRun",
    "History",
    "HistoryRead",
    "HistoryRules",
    "Outcome",
    "open_feeds",
]
