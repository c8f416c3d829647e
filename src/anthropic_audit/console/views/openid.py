"""Logging in by OpenID Connect: the redirect to the provider, and the callback.

Browsers return from another site. A login is therefore bound to a browser by a cookie that is sent on such navigation
(`SameSite=Lax`), for ten minutes. The session's own cookie (`SameSite=Strict`) is sent neither on that navigation nor
on a redirect from the callback, so the callback returns a page that leads on to the overview.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from anthropic_audit.console.auth import LoginRateLimit, client_network
from anthropic_audit.console.auth.middleware import LOG_FIELDS
from anthropic_audit.console.openid import LOGIN_TIMEOUT, Attempts, Provider, SignedInUser, read_callback
from anthropic_audit.errors import AuditError, LoginRefusedError, ProviderError
from anthropic_audit.times import format_duration

from .layout import page
from .login import LoginPages, visitor_of

_Result = TypeVar("_Result")

LOGIN: Final = "/openid/login"
CALLBACK: Final = "/openid/callback"
COOKIE: Final = "anthropic_audit_openid"
_PATH: Final = "/openid"
_MAX_THREADS: Final = 4
"""Upper bound on the threads that wait for the provider."""


class OpenIdPages:
    """Request handlers for logging in at a provider."""

    def __init__(
        self, provider: Provider, attempts: Attempts, login_pages: LoginPages, rate_limit: LoginRateLimit
    ) -> None:
        self._provider = provider
        self._attempts = attempts
        self._login_pages = login_pages
        self._rate_limit = rate_limit
        self._threads = anyio.CapacityLimiter(_MAX_THREADS)

    def routes(self) -> list[Route]:
        """Return the routes of these handlers."""
        return [Route(LOGIN, self.login, methods=["GET"]), Route(CALLBACK, self.callback, methods=["GET"])]

    async def login(self, request: Request) -> Response:
        """Start a login: redirect the browser to the provider."""
        visitor = visitor_of(request)
        waiting = self._rate_limit.wait(_key(visitor.address))
        if waiting is not None:
            return self._login_pages.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        cookie, attempt = self._attempts.begin(visitor.address, visitor.cookie)
        try:
            url = await self._in_thread(partial(self._provider.login_url, attempt))
        except ProviderError as error:
            return self._refused(request, error)
        answer = RedirectResponse(url, 303)
        seconds, is_secure = int(LOGIN_TIMEOUT.total_seconds()), self._login_pages.is_secure
        answer.set_cookie(COOKIE, cookie, max_age=seconds, path=_PATH, httponly=True, samesite="lax", secure=is_secure)
        return answer

    async def callback(self, request: Request) -> Response:
        """Finish a login: start a session if the provider confirms a user who has a role."""
        key = _key(visitor_of(request).address)
        waiting = self._rate_limit.wait(key)
        if waiting is not None:
            return self._login_pages.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        try:
            answer = await self._finished(request, key)
        except (LoginRefusedError, ProviderError) as error:
            return self._refused(request, error)
        self._rate_limit.forget(key)
        return answer

    async def _finished(self, request: Request, key: str) -> Response:
        """Return the page that leads on to the overview.

        A callback that belongs to no login of this browser does not count as an attempt: a state can't be guessed, and
        otherwise any page that a user visits could request the callback until the user's address had to wait.

        Raises:
            LoginRefusedError: The login is refused.
            ProviderError: The provider can't identify the user.
        """
        callback = read_callback(request.query_params.multi_items())
        attempt = self._attempts.take(callback.state, request.cookies.get(COOKIE, ""))
        if attempt is None:
            lasting = format_duration(LOGIN_TIMEOUT)
            message = f"this login began in another browser, was already used, or took longer than {lasting}"
            raise LoginRefusedError(message, hint="log in again")
        self._rate_limit.note(key)  # counted before the check, so that concurrent attempts count as well
        person = await self._in_thread(partial(self._provider.identify, callback, attempt))
        if person.role is None:
            _add_to_log(request, refused=_log_entry(person))
            message = f"the identity provider knows you as {person.name}, but that name has no access to this console"
            raise LoginRefusedError(message, hint="ask the operator of this console for access")
        answer = page(request, "openid_redirect.html", title="Logged in")
        session = self._login_pages.begin(answer, person.name, person.role, before=attempt.session)
        answer.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax", secure=self._login_pages.is_secure)
        _add_to_log(request, login={**_log_entry(person), "role": session.role, "session": session.label})
        return answer

    def _refused(self, request: Request, error: AuditError) -> Response:
        _add_to_log(request, reason=str(error))
        status = 403 if isinstance(error, LoginRefusedError) else 503
        return self._login_pages.page(request, str(error), status, hint=error.hint or "")

    async def _in_thread(self, ask: Callable[[], _Result]) -> _Result:
        """Run a function that calls the provider in one of few threads, so that a slow provider blocks nothing else.

        Raises:
            LoginRefusedError, ProviderError: The function raises it, or takes too long.
        """
        try:
            with anyio.fail_after(self._provider.login_timeout_seconds):
                return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=self._threads)
        except TimeoutError as error:
            message = "the identity provider can't be reached: it did not respond in time"
            raise ProviderError(message, hint="try again in a minute") from error


def _key(address: str) -> str:
    return f"openid {client_network(address)}"


def _add_to_log(request: Request, **more: object) -> None:
    """Add fields to the request's line in the access log."""
    state = request.scope["state"]
    state[LOG_FIELDS] = {**state.get(LOG_FIELDS, {}), **more}


def _log_entry(person: SignedInUser) -> dict[str, str]:
    return {"name": person.name, "subject": person.subject}
