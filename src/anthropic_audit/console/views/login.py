"""Logging in and out: by a link with a one-time token, by name and password, or at an identity provider."""

from __future__ import annotations

import hmac
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import parse_qsl

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from anthropic_audit.console.auth import LoginRateLimit, Session, Sessions, Visitor, client_network
from anthropic_audit.console.auth.middleware import COOKIE, CSRF_FIELD, CSRF_HEADER
from anthropic_audit.console.auth.passwords import MAX_PASSWORD_CHARS, fits
from anthropic_audit.errors import SetupError
from anthropic_audit.settings import Role, UserSettings
from anthropic_audit.times import format_duration

from .layout import page

_MAX_FORM_FIELDS: Final = 20
_MAX_CONCURRENT_CHECKS: Final = 2
"""Upper bound on concurrent password checks: each takes 64 MiB of memory."""
_MAX_KNOWN_LOGINS: Final = 10_000
LOCAL_USER: Final = "local"
"""Name of the user who logs in by the link, and so can read this process's terminal."""


class OneTimeTokens:
    """The current one-time token of the link; after use, a new one replaces it."""

    def __init__(self, on_token: Callable[[str], None]) -> None:
        self._on_token = on_token
        self._lock = threading.Lock()
        self._token = secrets.token_urlsafe(32)

    @property
    def current(self) -> str:
        """The token that the link has to carry."""
        return self._token

    def use(self, token: str) -> bool:
        """Return whether a text is the current token; if so, replace the token and report the new one."""
        with self._lock:
            if not hmac.compare_digest(self._token.encode(), token.encode(errors="replace")):
                return False
            self._token = secrets.token_urlsafe(32)
        self._on_token(self._token)
        return True


@dataclass(frozen=True, slots=True)
class ExternalLogin:
    """The identity provider on the login page."""

    host: str
    url: str
    """The URL that starts the login there."""


@dataclass(frozen=True, slots=True)
class LoginMethods:
    """The login methods that the settings enable."""

    users: Mapping[str, UserSettings]
    tokens: OneTimeTokens | None
    elsewhere: ExternalLogin | None


class LoginPages:
    """Request handlers for logging in and out."""

    def __init__(
        self, sessions: Sessions, rate_limit: LoginRateLimit, methods: LoginMethods, *, is_secure: bool
    ) -> None:
        self._sessions = sessions
        self._rate_limit = rate_limit
        self._methods = methods
        self.is_secure = is_secure
        """Whether cookies are restricted to HTTPS."""
        self._password_checks = anyio.CapacityLimiter(_MAX_CONCURRENT_CHECKS)
        self._known_logins: dict[tuple[str, str], None] = {}
        """User names with the networks from which they have logged in, the latest last."""

    async def enter(self, request: Request) -> Response:
        """Log in by the link's one-time token."""
        visitor = visitor_of(request)
        network = client_network(visitor.address)
        waiting = self._rate_limit.wait(network)
        if waiting is not None:
            return self.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        if self._methods.tokens is None or not self._methods.tokens.use(request.query_params.get("token", "")):
            self._rate_limit.note(network)
            return self.page(request, "this link was already used or is not valid", 403)
        return self._logged_in(LOCAL_USER, "investigator", visitor)

    async def login(self, request: Request) -> Response:
        """Return the login form, or log in by name and password."""
        if request.method != "POST":
            return self.page(request)
        form, visitor = await form_of(request), visitor_of(request)
        name = form.get("name", "")[:MAX_PASSWORD_CHARS]
        network = client_network(visitor.address)
        keys = self._attempt_keys(name, network)
        waiting = self._rate_limit.wait(*keys)
        if waiting is not None:
            return self.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        self._rate_limit.note(*keys)  # counted before the check, so that concurrent attempts count as well
        user = self._methods.users.get(name)
        password_hash, password = user.password_hash if user else None, form.get("password", "")
        is_right = await anyio.to_thread.run_sync(fits, password_hash, password, limiter=self._password_checks)
        if user is None or not is_right:
            return self.page(request, "wrong name or password", 403)
        self._rate_limit.forget(*keys)
        self._remember(name, network)
        return self._logged_in(user.name, user.role, visitor)

    def _attempt_keys(self, name: str, network: str) -> tuple[str, ...]:
        """Return the keys that an attempt counts for: the client's network, and the user name.

        From a network where a user has logged in before, the name does not count: others can't block the user there.
        """
        return (network,) if (name, network) in self._known_logins else (network, f"user {name}")

    def _remember(self, name: str, network: str) -> None:
        self._known_logins.pop((name, network), None)
        self._known_logins[name, network] = None
        if len(self._known_logins) > _MAX_KNOWN_LOGINS:
            del self._known_logins[next(iter(self._known_logins))]

    async def logout(self, request: Request) -> Response:
        """Log out: end the session."""
        visitor = visitor_of(request)
        await form_of(request)
        self._sessions.end(visitor.cookie)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    def begin(self, answer: Response, name: str, role: Role, *, before: str) -> Session:
        """Start a session, set its cookie on a response, and end the session of the cookie `before`, if not empty."""
        if before:
            self._sessions.end(before)
        cookie, session = self._sessions.begin(name, role)
        answer.set_cookie(COOKIE, cookie, path="/", httponly=True, samesite="strict", secure=self.is_secure)
        return session

    def page(self, request: Request, refusal: str = "", status: int = 200, *, hint: str = "") -> Response:
        """Return the login page with all login methods, and the reason why a login was refused."""
        methods = self._methods
        shown = {"refusal": refusal, "hint": hint, "has_users": bool(methods.users), "elsewhere": methods.elsewhere}
        return page(request, "login.html", status, title="Log in", **shown)

    def _logged_in(self, name: str, role: Role, visitor: Visitor) -> Response:
        answer = RedirectResponse("/", 303)
        self.begin(answer, name, role, before=visitor.cookie)
        return answer


async def form_of(request: Request) -> Mapping[str, str]:
    """Read the form of a request; within a session, it must carry the session's CSRF token.

    Raises:
        SetupError: The token is missing or belongs to another session, or the form has too many fields.
    """
    body = (await request.body()).decode(errors="replace")
    try:
        form = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MAX_FORM_FIELDS))
    except ValueError as error:
        message = "the form has too many fields"
        raise SetupError(message) from error
    session = visitor_of(request).session
    if session is not None and request.url.path != "/login":
        token = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD, "")
        if not session.has_csrf_token(token):
            message = "this form belongs to another session"
            raise SetupError(message, hint="reload the page and try again")
    return form


def visitor_of(request: Request) -> Visitor:
    """Return the visitor that the access middleware has put into the request's state."""
    return cast("Visitor", request.state.visitor)
