"""The console, served: on loopback for whoever has the link, elsewhere for those who can log in."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import uvicorn
from starlette.types import ASGIApp

from anthropic_audit.errors import SetupError
from anthropic_audit.ports import Clock
from anthropic_audit.redact import Secret
from anthropic_audit.settings import ConsoleSettings, Settings, is_loopback

from .app import ConsoleEnvironment, make_app, vega
from .auth import AccessLog, ConnectionLimits
from .context import ConsoleContext
from .openid import Provider
from .snapshots import SnapshotPool

_ANY: Final = ("0.0.0.0", "::")  # noqa: S104 - named to be refused without users
_BACKLOG: Final = 128
_GRACE_SECONDS: Final = 3
_MAX_HEAD_BYTES: Final = 32_768


class Console:
    """A console that answers while its context lasts."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket, url: str, link: Callable[[], str]) -> None:
        self._server = server
        self._socket = listening
        self._thread = threading.Thread(target=self._serve, name="console", daemon=True)
        self.url = url
        """Where it is served."""
        self.link = link
        """Gives what opens it: with the token that counts now, if one is needed."""
        self._preparing: list[Callable[[], object]] = [vega]
        self._stack = ExitStack()

    def among(self, stack: ExitStack, place: ConsoleContext) -> Self:
        """Close this at the end, too, and read the archive once at the start."""
        self._stack.enter_context(stack)
        self._preparing.append(place.warm)
        return self

    def __enter__(self) -> Self:
        self._thread.start()
        for prepare in self._preparing:
            threading.Thread(target=prepare, name="prepare", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._stack.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._socket])


def open_console(
    settings: Settings, clock: Clock, told: Callable[[str], None], *, client_secret: Secret | None = None
) -> Console:
    """Make a console from the settings; `told` is given each link that opens it.

    Args:
        settings: All settings.
        clock: The time of day.
        told: Is given each link that opens it.
        client_secret: Proves to the OpenID Connect provider of the settings, if there is one, who we are.

    Raises:
        SetupError: There is no archive, others than this machine could get in without users, or the port, a
            certificate, the access log or a provider's settings can't be used.
        ArchiveError: The archive can't be read.
    """
    console = settings.console
    _check_who_gets_in(console)
    library = SnapshotPool(settings.archive, clock)
    with ExitStack() as stack:
        journal = stack.enter_context(
            AccessLog(Path(console.access_log or library.folder / "console" / "access.ndjson"))
        )
        listening = stack.enter_context(_listen(console.host, console.port))
        is_tls = bool(console.certificate_file)
        port = listening.getsockname()[1]
        url = console.public_url.rstrip("/") or f"{'https' if is_tls else 'http'}://{_shown(console.host)}:{port}"

        def link(token: str) -> str:
            return f"{url}/enter?token={token}"

        hosts = {urlsplit(url).netloc, *_hosts(console.host, port)}
        surroundings = ConsoleEnvironment(url, hosts, lambda token: told(link(token)))
        place = ConsoleContext(settings, library, clock)
        provider = stack.enter_context(opened) if (opened := _provider(console, client_secret, clock, url)) else None
        app, tokens = make_app(place, journal, clock, surroundings, provider=provider)
        server = _Quiet(_options(app, console))
        made = Console(server, listening, url, lambda: link(tokens.current) if tokens else url)
        return made.among(stack.pop_all(), place)


def _check_who_gets_in(console: ConsoleSettings) -> None:
    """Refuse settings that would let in anybody, or nobody.

    Raises:
        SetupError: They would.
    """
    if is_loopback(console.host):
        return
    if not console.users and not console.openid.is_set:
        message = f"without users, the console is served on this machine only, not on `{console.host}`"
        hint = "set up `console.users` (`anthropic-audit console --hash-password` helps) or `console.openid`"
        raise SetupError(message, hint=hint)
    if console.openid.is_set and not console.public_url:
        message = "OpenID Connect needs the console's public URL for its redirect URI"
        raise SetupError(message, hint="set `console.public_url` to the URL that users open")


def _provider(console: ConsoleSettings, secret: Secret | None, clock: Clock, url: str) -> Provider | None:
    if not console.openid.is_set:
        return None
    if secret is None:
        message = "the OpenID Connect client secret is missing"
        raise SetupError(message, hint="set where to read it below `console.openid`")
    return Provider(console.openid, secret, clock, f"{url}/openid/callback")


def _options(app: ASGIApp, console: ConsoleSettings) -> uvicorn.Config:
    options = uvicorn.Config(
        app,
        http=ConnectionLimits,
        log_config=None,
        access_log=False,
        server_header=False,
        lifespan="off",
        ws="none",
        h11_max_incomplete_event_size=_MAX_HEAD_BYTES,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=console.certificate_file or None,
        ssl_keyfile=console.key_file or None,
        proxy_headers=False,
    )
    try:
        options.load()
    except OSError as error:
        message = f"the console's certificate can't be used: {error.strerror or error}"
        raise SetupError(message, hint="check `console.certificate_file` and `console.key_file`") from error
    return options


class LinkFile:
    """Where the link is kept when no terminal shows it; only its owner can read it, and no log has it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, link: str) -> None:
        """Put a link in the place of the one before.

        Raises:
            SetupError: The file can't be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(f"{link}\n")
        except OSError as error:
            message = f"the file of the console's link can't be written: `{self.path}`: {error.strerror or error}"
            raise SetupError(message, hint="set up `console.users`, or make the archive's folder writable") from error


class _Quiet(uvicorn.Server):
    """A server that leaves signals to whoever started it."""

    def capture_signals(self) -> _Nothing:  # type: ignore[override] # a context that does nothing
        return _Nothing()


class _Nothing:
    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        return None


def _listen(host: str, port: int) -> socket.socket:
    listening: socket.socket | None = None
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        if listening is not None:
            listening.close()
        message = f"the console's port can't be used: {host}:{port}: {error.strerror or error}"
        raise SetupError(message, hint="choose another port with --port") from error
    return listening


def _hosts(host: str, port: int) -> Iterator[str]:
    """Yield what a request may call us by."""
    names = {host}
    if is_loopback(host) or host in _ANY:
        names |= {"127.0.0.1", "localhost", "::1"}
    if host in _ANY:
        names |= {socket.gethostname(), socket.getfqdn()}
    for name in names:
        yield f"{_shown(name)}:{port}"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
