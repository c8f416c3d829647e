"""What puts the rooms together: plan, walk, store, claim, normalize; for one run or for good, for one feed or many."""

from .chores import Chore, Chores
from .collector import Collector, Outcome
from .delivering import Deliveries
from .feeds import FeedRun, open_feeds
from .figures import Figures
from .health import HealthServer, alive, metrics, readiness
from .history import History, HistoryRead, HistoryRules
from .requests import RequestLog
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
