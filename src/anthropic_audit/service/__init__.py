"""What puts the rooms together: plan, walk, store, claim, normalize; for one run or for good, for one feed or many."""

from .backfill import History, HistoryRead, HistoryRules
from .collector import Collector, Outcome
from .deliveries import Deliveries
from .feeds import FeedRun, open_feeds
from .health import HealthServer, alive, metrics, readiness
from .metrics import Figures
from .periodic import Chore, Chores
from .request_log import RequestLog
from .unexpected import UnexpectedErrors, safely

__all__ = [
    "Chore",
    "Chores",
    "Collector",
    "Deliveries",
    "FeedRun",
    "Figures",
    "HealthServer",
    "History",
    "HistoryRead",
    "HistoryRules",
    "Outcome",
    "RequestLog",
    "UnexpectedErrors",
    "alive",
    "metrics",
    "open_feeds",
    "readiness",
    "safely",
]
