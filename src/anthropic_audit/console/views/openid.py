"""The way in by OpenID Connect: to the provider, and back from it.

Browsers come back from another site. So what binds a login to a browser is a cookie that such a way carries along
(`Lax`), for ten minutes. The session's own cookie is not carried along that way (`Strict`), and neither is it on a
redirect from here: the answer is a page of ours, which leads on.
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
from anthropic_audit.console.auth.middleware import TOLD
from anthropic_audit.console.openid import LASTING, Attempts, Provider, SignedInUser, read_callback
from anthropic_audit.errors import AuditError, LoginRefusedError, ProviderError
from anthropic_audit.times import format_duration

from .layout import page
from .login import LoginPages, visitor_of

_Result = TypeVar("_Result")

LOGIN: Final = "/openid/login"
CALLBACK: Final = "/openid/callback"
COOKIE: Final = "anthropic_audit_openid"
_PATH: Final = "/openid"
_AT_ONCE: Final = 4
"""How many threads may wait for the provider."""


class OpenIdPages:
    """The pages between us and a provider."""

    def __init__(self, provider: Provider, attempts: Attempts, entrance: LoginPages, throttle: LoginRateLimit) -> None:
        self._provider = provider
        self._attempts = attempts
        self._entrance = entrance
        self._throttle = throttle
        self._threads = anyio.CapacityLimiter(_AT_ONCE)

    def routes(self) -> list[Route]:
        """Return where these pages are."""
        return [Route(LOGIN, self.login, methods=["GET"]), Route(CALLBACK, self.callback, methods=["GET"])]

    async def login(self, request: Request) -> Response:
        """Send somebody to the provider."""
        visitor = visitor_of(request)
        waiting = self._throttle.wait(_key(visitor.address))
        if waiting is not None:
            return self._entrance.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        cookie, attempt = self._attempts.begin(visitor.address, visitor.cookie)
        try:
            url = await self._beside(partial(self._provider.login_url, attempt))
        except ProviderError as error:
            return self._refused(request, error)
        answer = RedirectResponse(url, 303)
        seconds, is_secure = int(LASTING.total_seconds()), self._entrance.is_secure
        answer.set_cookie(COOKIE, cookie, max_age=seconds, path=_PATH, httponly=True, samesite="lax", secure=is_secure)
        return answer

    async def callback(self, request: Request) -> Response:
        """Let in whom the provider sends back, if a list has them."""
        key = _key(visitor_of(request).address)
        waiting = self._throttle.wait(key)
        if waiting is not None:
            return self._entrance.page(request, f"too many attempts: wait {format_duration(waiting)}", 429)
        try:
            answer = await self._finished(request, key)
        except (LoginRefusedError, ProviderError) as error:
            return self._refused(request, error)
        self._throttle.forget(key)
        return answer

    async def _finished(self, request: Request, key: str) -> Response:
        """Return the page that leads on.

        What belongs to no login of this browser is no try: nobody guesses a state, and any page that somebody looks at
        could ask for this one in their name, until they had to wait.

        Raises:
            LoginRefusedError: Nobody is let in by this.
            ProviderError: The provider can't say who it is.
        """
        callback = read_callback(request.query_params.multi_items())
        attempt = self._attempts.take(callback.state, request.cookies.get(COOKIE, ""))
        if attempt is None:
            lasting = format_duration(LASTING)
            message = f"this login began in another browser, was already used, or took longer than {lasting}"
            raise LoginRefusedError(message, hint="log in again")
        self._throttle.note(key)  # before it is known to be wrong, so that many at once count, too
        person = await self._beside(partial(self._provider.identify, callback, attempt))
        if person.role is None:
            _tell(request, refused=_about(person))
            message = f"the identity provider knows you as {person.name}, but that name has no access to this console"
            raise LoginRefusedError(message, hint="ask the operator of this console for access")
        answer = page(request, "openid_redirect.html", title="Logged in")
        session = self._entrance.begin(answer, person.name, person.role, before=attempt.session)
        answer.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax", secure=self._entrance.is_secure)
        _tell(request, login={**_about(person), "role": session.role, "session": session.label})
        return answer

    def _refused(self, request: Request, error: AuditError) -> Response:
        _tell(request, reason=str(error))
        status = 403 if isinstance(error, LoginRefusedError) else 503
        return self._entrance.page(request, str(error), status, hint=error.hint or "")

    async def _beside(self, ask: Callable[[], _Result]) -> _Result:
        """Ask the provider beside the loop, in few threads, so that a slow one holds up nothing else.

        Raises:
            LoginRefusedError, ProviderError: As `ask` does, or it takes too long.
        """
        try:
            with anyio.fail_after(self._provider.patience_seconds):
                return await anyio.to_thread.run_sync(ask, abandon_on_cancel=True, limiter=self._threads)
        except TimeoutError as error:
            message = "the identity provider can't be reached: it did not respond in time"
            raise ProviderError(message, hint="try again in a minute") from error


def _key(address: str) -> str:
    return f"openid {client_network(address)}"


def _tell(request: Request, **more: object) -> None:
    """Say more in the access log."""
    state = request.scope["state"]
    state[TOLD] = {**state.get(TOLD, {}), **more}


def _about(person: SignedInUser) -> dict[str, str]:
    return {"name": person.name, "subject": person.subject}
