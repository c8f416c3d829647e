"""Define failures, sign-ins, sensitive changes, and the fields that are listed when a value is first seen.

The console and reports use the same definitions.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from .conditions import Condition, Operator

FAILURE: Final = Condition("event.outcome", Operator.EQUAL, "failure")
SIGN_IN: Final = Condition("event.category", Operator.EQUAL, "authentication")
CRITICAL: Final = Condition("anthropic.audit.sensitivity", Operator.EQUAL, "critical")
NOTABLE: Final = Condition("anthropic.audit.sensitivity", Operator.EQUAL, "notable")

FIRST_SEEN: Final[Mapping[str, str]] = MappingProxyType(
    {
        "user.email": "Users",
        "source.as.organization.name": "Networks",
        "source.geo.country_iso_code": "Countries",
        "user_agent.original": "User agents",
        "anthropic.audit.mcp_server_name": "MCP servers",
        "anthropic.audit.actor.api_key_id": "API keys that acted",
        "anthropic.audit.actor.admin_api_key_id": "Admin API keys that acted",
    }
)
"""The fields whose new values are listed, with their labels."""
