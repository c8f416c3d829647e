"""`anthropic-audit sinks`: where events are delivered to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from anthropic_audit.cli.groups import group

from .again import replay, retry
from .boards import dashboards
from .compared import verify
from .deliver import deliver
from .prepared import setup
from .standing import rejected, status

COMMANDS: Mapping[str, Callable[..., None]] = MappingProxyType(
    {
        "setup": setup,
        "deliver": deliver,
        "status": status,
        "rejected": rejected,
        "retry": retry,
        "replay": replay,
        "verify": verify,
        "dashboards": dashboards,
    }
)
"""Every subcommand of `sinks`."""

app = group("Deliver events to Elasticsearch, OpenSearch and other places, and see how that goes.", COMMANDS)
