"""What puts the rooms together: plan, walk, store, claim, normalize; for one run or for good, for one feed or many."""

from .backfill import HistoryRead, HistoryReader, HistoryRules
from .collector import Collector, FeedOutcome
from .deliveries import Deliveries
from .feeds import FeedRun, open_feeds
from .health import HealthServer, alive, metrics_page, readiness
from .metrics import ServiceMetrics
from .periodic import PeriodicTask, PeriodicTasks
from .request_log import RequestLog
from .unexpected import UnexpectedErrors, safely

__all__ = [
    "Collector",
    "Deliveries",
    "FeedOutcome",
    "FeedRun",
    "HealthServer",
    "HistoryRead",
    "HistoryReader",
    "HistoryRules",
    "PeriodicTask",
    "PeriodicTasks",
    "RequestLog",
    "ServiceMetrics",
    "UnexpectedErrors",
    "alive",
    "metrics_page",
    "open_feeds",
    "readiness",
    "safely",
]
