"""Is everything right, and if not, what to do: probes of the settings' surroundings, each with its findings."""

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
