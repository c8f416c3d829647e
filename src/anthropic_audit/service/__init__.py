"""Combine planning, walking, storing, claiming and normalizing, for one run or continuously, for one or many feeds."""

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
