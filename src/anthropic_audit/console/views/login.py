"""The way in and out: a link with a one-time token, a name with a password, or what others vouch for."""

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
_CHECKED_AT_ONCE: Final = 2
"""Each check of a password takes 64 MiB."""
_HOMES: Final = 10_000
LOCAL_USER: Final = "local"
"""Who comes by the link: whoever can read this process's terminal."""


class OneTimeTokens:
    """The one token that opens the door now; used once, another takes its place."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._lock = threading.Lock()
        self._token = secrets.token_urlsafe(32)

    @property
    def current(self) -> str:
        """What the link has to carry."""
        return self._token

    def use(self, token: str) -> bool:
        """Say whether this is the token; from then on it is another one, which is told."""
        with self._lock:
            if not hmac.compare_digest(self._token.encode(), token.encode(errors="replace")):
                return False
            self._token = secrets.token_urlsafe(32)
        self._told(self._token)
        return True


@dataclass(frozen=True, slots=True)
class ExternalLogin:
    """Where people log in who need no password of ours."""

    host: str
    url: str
    """What begins it."""


@dataclass(frozen=True, slots=True)
class LoginMethods:
    """All ways in."""

    users: Mapping[str, UserSettings]
    tokens: OneTimeTokens | None
    elsewhere: ExternalLogin | None


class LoginPages:
    """The pages at the door."""

    def __init__(self, sessions: Sessions, throttle: LoginRateLimit, ways: LoginMethods, *, is_secure: bool) -> None:
        self._sessions = sessions
        self._throttle = throttle
        self._ways = ways
        self.is_secure = is_secure
        """Whether cookies may be for https only."""
        self._checking = anyio.CapacityLimiter(_CHECKED_AT_ONCE)
        self._homes: dict[tuple[str, str], None] = {}
        """Names, and where they logged in from, the latest last."""

    async def enter(self, request: Request) -> Response:
        """Let in whoever has the link."""
        visitor = visitor_of(request)
        place = client_network(visitor.address)
        waiting = self._throttle.wait(place)
        if waiting is not None:
            return self.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        if self._ways.tokens is None or not self._ways.tokens.use(request.query_params.get("token", "")):
            self._throttle.note(place)
            return self.page(request, "this link was already used or is not valid", 403)
        return self._let_in(LOCAL_USER, "investigator", visitor)

    async def login(self, request: Request) -> Response:
        """Show the form, or try what it says."""
        if request.method != "POST":
            return self.page(request)
        form, visitor = await form_of(request), visitor_of(request)
        name = form.get("name", "")[:MAX_PASSWORD_CHARS]
        place = client_network(visitor.address)
        keys = self._counted(name, place)
        waiting = self._throttle.wait(*keys)
        if waiting is not None:
            return self.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        self._throttle.note(*keys)  # before it is known to be wrong, so that many at once count, too
        user = self._ways.users.get(name)
        password_hash, password = user.password_hash if user else None, form.get("password", "")
        is_right = await anyio.to_thread.run_sync(fits, password_hash, password, limiter=self._checking)
        if user is None or not is_right:
            return self.page(request, "wrong name or password", 403)
        self._throttle.forget(*keys)
        self._remember(name, place)
        return self._let_in(user.name, user.role, visitor)

    def _counted(self, name: str, place: str) -> tuple[str, ...]:
        """Return what a try counts for: where it comes from, and the name.

        Where somebody has logged in before, their name does not count: strangers elsewhere can't make them wait.
        """
        return (place,) if (name, place) in self._homes else (place, f"user {name}")

    def _remember(self, name: str, place: str) -> None:
        self._homes.pop((name, place), None)
        self._homes[name, place] = None
        if len(self._homes) > _HOMES:
            del self._homes[next(iter(self._homes))]

    async def logout(self, request: Request) -> Response:
        """End the session."""
        visitor = visitor_of(request)
        await form_of(request)
        self._sessions.end(visitor.cookie)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(COOKIE, path="/")
        return answer

    def begin(self, answer: Response, name: str, role: Role, *, before: str) -> Session:
        """Let somebody in with this answer, and end the session that they had before."""
        if before:
            self._sessions.end(before)
        cookie, session = self._sessions.begin(name, role)
        answer.set_cookie(COOKIE, cookie, path="/", httponly=True, samesite="strict", secure=self.is_secure)
        return session

    def page(self, request: Request, refusal: str = "", status: int = 200, *, hint: str = "") -> Response:
        """Show all ways in, and why one of them did not lead there."""
        ways = self._ways
        shown = {"refusal": refusal, "hint": hint, "has_users": bool(ways.users), "elsewhere": ways.elsewhere}
        return page(request, "login.html", status, title="Log in", **shown)

    def _let_in(self, name: str, role: Role, visitor: Visitor) -> Response:
        answer = RedirectResponse("/", 303)
        self.begin(answer, name, role, before=visitor.cookie)
        return answer


async def form_of(request: Request) -> Mapping[str, str]:
    """Read a form; one of somebody who is in has to bring the session's token along.

    Raises:
        SetupError: It has no token, or another one's; or it is no form.
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
        if not session.vouches_for(token):
            message = "this form belongs to another session"
            raise SetupError(message, hint="reload the page and try again")
    return form


def visitor_of(request: Request) -> Visitor:
    """Return who asks."""
    return cast("Visitor", request.state.visitor)
