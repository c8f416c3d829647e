"""Probes of `anthropic-audit check`: each examines one part of the set-up and yields results with a remedy."""

from .archive import Disk, archive_findings, retention_findings
from .enrichment import enrichment_findings
from .feed import feed_findings
from .findings import CheckResult, State, probed
from .sinks import sink_findings

__all__ = [
    "CheckResult",
    "Disk",
    "State",
    "archive_findings",
    "enrichment_findings",
    "feed_findings",
    "probed",
    "retention_findings",
    "sink_findings",
]
