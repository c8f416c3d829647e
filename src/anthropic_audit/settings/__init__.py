"""The settings tree: every setting with its type, default and help text.

Names follow the published integration where it has one. `settings_loader` builds the tree from file, environment
and flags; this package does no I/O.
"""

from .console import ConsoleSettings, Role, UserSettings
from .feeds import KEY_VARIABLES, FeedSettings
from .openid import OpenIdSettings, is_loopback, is_protected, map_names
from .operation import MIN_RETENTION, EnrichmentSettings, HoldSettings, RetentionSettings, ServiceSettings
from .processors import (
    PROCESSORS,
    AddLabels,
    AddTags,
    DropEvents,
    DropFields,
    HashFields,
    ProcessorSettings,
    RedactFields,
)
from .section import Duration
from .sinks import (
    SINKS,
    ClusterSink,
    ElasticsearchSink,
    HttpSink,
    KafkaSink,
    NdjsonSink,
    OpenSearchSink,
    OtlpSink,
    SinkSettings,
    SplunkHecSink,
)
from .tree import Settings

__all__ = [
    "KEY_VARIABLES",
    "MIN_RETENTION",
    "PROCESSORS",
    "SINKS",
    "AddLabels",
    "AddTags",
    "ClusterSink",
    "ConsoleSettings",
    "DropEvents",
    "DropFields",
    "Duration",
    "ElasticsearchSink",
    "EnrichmentSettings",
    "FeedSettings",
    "HashFields",
    "HoldSettings",
    "HttpSink",
    "KafkaSink",
    "NdjsonSink",
    "OpenIdSettings",
    "OpenSearchSink",
    "OtlpSink",
    "ProcessorSettings",
    "RedactFields",
    "RetentionSettings",
    "Role",
    "ServiceSettings",
    "Settings",
    "SinkSettings",
    "SplunkHecSink",
    "UserSettings",
    "is_loopback",
    "is_protected",
    "map_names",
]
