"""The simulated vendor's access log: each request to the Compliance API becomes an activity of the feed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

import orjson

from .http import Request
from .keys import AccessKey, KeyKind
from .seeded import letters
from .timeline import microseconds
from .world import Row

TYPE = "compliance_api_accessed"
_ORIGIN = "https://api.anthropic.com"


@dataclass(frozen=True, slots=True)
class Access:
    """One request with a known key, and the status of its response."""

    request: Request
    key: AccessKey
    request_id: str
    status: int
    at: datetime


def access_row(access: Access, seed: int, organization: tuple[str | None, str | None]) -> Row:
    """Return the activity that records an access; its id is derived from the request id, so each id is unique."""
    request = access.request
    activity_id = f"activity_{letters(24, 'access', seed, access.request_id)}"
    url = _ORIGIN + request.path + (f"?{urlencode(request.query, safe='[]:')}" if request.query else "")
    activity = {
        "id": activity_id,
        "created_at": access.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "organization_id": organization[0],
        "organization_uuid": organization[1],
        "actor": _actor(access),
        "type": TYPE,
        "request_id": access.request_id,
        "request_method": request.method,
        "status_code": access.status,
        "url": url,
        "request_body": None,
    }
    return Row(
        created_us=microseconds(access.at),
        id=activity_id,
        type=TYPE,
        actor_user_id=None,
        organization_id=organization[0],
        organization_uuid=organization[1],
        raw=orjson.dumps(activity),
    )


def _actor(access: Access) -> dict[str, str]:
    is_admin = access.key.kind is KeyKind.ADMIN
    return {
        "type": "admin_api_key_actor" if is_admin else "api_actor",
        "admin_api_key_id" if is_admin else "api_key_id": access.key.id,
        "ip_address": access.request.client,
        "user_agent": access.request.headers.get("user-agent", ""),
    }
