"""From the archive to sinks: followers with a position each, delivering again, and comparing with what is there."""

from .compare import HourCompared, Sent, compare
from .deliver import Errands, Span
from .follower import Follower
from .prepare import Prepare
from .replay import replay, send_again
from .sender import Courier, Limits
from .setup import Change, Step, is_set_up, set_up, set_up_dashboards

__all__ = [
    "Change",
    "Courier",
    "Errands",
    "Follower",
    "HourCompared",
    "Limits",
    "Prepare",
    "Sent",
    "Span",
    "Step",
    "compare",
    "is_set_up",
    "replay",
    "send_again",
    "set_up",
    "set_up_dashboards",
]
