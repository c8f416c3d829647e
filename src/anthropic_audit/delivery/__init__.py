"""Delivery from the archive to sinks: followers with positions, redelivery, comparison, and setup of clusters."""

from .compare import ExpectedEvents, HourCompared, compare
from .deliver import Deliverer, SeqSpan
from .follower import Follower
from .prepare import Prepare
from .replay import replay, send_again
from .sender import Limits, Sender
from .setup import PlannedChange, SetupStep, is_set_up, set_up, set_up_dashboards

__all__ = [
    "Deliverer",
    "ExpectedEvents",
    "Follower",
    "HourCompared",
    "Limits",
    "PlannedChange",
    "Prepare",
    "Sender",
    "SeqSpan",
    "SetupStep",
    "compare",
    "is_set_up",
    "replay",
    "send_again",
    "set_up",
    "set_up_dashboards",
]
