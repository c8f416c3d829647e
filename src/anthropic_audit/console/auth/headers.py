"""Security headers of all responses: the browser runs, embeds and sends only the console's own content."""

from __future__ import annotations

from typing import Final

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types default",
    )
)
"""Content Security Policy: no inline script or style, no eval, no frames, no other origin, and Trusted Types."""

HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_STRICT_TRANSPORT_SECURITY: Final = "max-age=31536000"


def hardened(app: ASGIApp, *, is_secure: bool) -> ASGIApp:
    """Wrap an application so that all responses have `HEADERS`, and `no-store` unless they set `cache-control`."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def hardened_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("cache-control", "no-store")
                if is_secure:
                    headers["strict-transport-security"] = _STRICT_TRANSPORT_SECURITY
            await send(message)

        await app(scope, receive, hardened_send)

    return answer
