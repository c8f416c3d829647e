"""The console's server: on loopback for the holder of its link, elsewhere for users who log in."""

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

_ANY_ADDRESS: Final = ("0.0.0.0", "::")  # noqa: S104 - named to be refused without users
_BACKLOG: Final = 128
_GRACE_SECONDS: Final = 3
_MAX_HEAD_BYTES: Final = 32_768


class Console:
    """A console that serves requests while its context is open."""

    def __init__(self, server: uvicorn.Server, listening: socket.socket, url: str, link: Callable[[], str]) -> None:
        self._server = server
        self._socket = listening
        self._thread = threading.Thread(target=self._serve, name="console", daemon=True)
        self.url = url
        """The URL under which the console is served."""
        self.link = link
        """Returns the link to open the console, with the current one-time token if one is needed."""
        self._preparing: list[Callable[[], object]] = [vega]
        self._stack = ExitStack()

    def with_resources(self, stack: ExitStack, context: ConsoleContext) -> Self:
        """Also close a stack of resources on exit, and read the archive once on entry; return the console itself."""
        self._stack.enter_context(stack)
        self._preparing.append(context.warm)
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
    settings: Settings, clock: Clock, on_link: Callable[[str], None], *, client_secret: Secret | None = None
) -> Console:
    """Return a console for the settings; it serves while its context is open.

    Args:
        settings: All settings.
        clock: The time of day.
        on_link: Called with each new link that opens the console.
        client_secret: The client secret for the OpenID Connect provider of the settings, if there is one.

    Raises:
        SetupError: There is no archive, other machines could get access without users, or the port, a certificate,
            the access log or a provider's settings can't be used.
        ArchiveError: The archive can't be read.
    """
    console = settings.console
    _check_access(console)
    snapshots = SnapshotPool(settings.archive, clock)
    with ExitStack() as stack:
        access_log = stack.enter_context(
            AccessLog(Path(console.access_log or snapshots.folder / "console" / "access.ndjson"))
        )
        listening = stack.enter_context(_listen(console.host, console.port))
        is_tls = bool(console.certificate_file)
        port = listening.getsockname()[1]
        url = console.public_url.rstrip("/") or f"{'https' if is_tls else 'http'}://{_url_host(console.host)}:{port}"

        def link(token: str) -> str:
            return f"{url}/enter?token={token}"

        hosts = {urlsplit(url).netloc, *_hosts(console.host, port)}
        environment = ConsoleEnvironment(url, hosts, lambda token: on_link(link(token)))
        context = ConsoleContext(settings, snapshots, clock)
        provider = stack.enter_context(opened) if (opened := _provider(console, client_secret, clock, url)) else None
        app, tokens = make_app(context, access_log, clock, environment, provider=provider)
        server = _ServerWithoutSignals(_options(app, console))
        made = Console(server, listening, url, lambda: link(tokens.current) if tokens else url)
        return made.with_resources(stack.pop_all(), context)


def _check_access(console: ConsoleSettings) -> None:
    """Refuse settings that give access to other machines without users, or with OpenID Connect that can't work.

    Raises:
        SetupError: The settings do.
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
    """The file of the link when no terminal shows it; readable by its owner only, and never logged."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, link: str) -> None:
        """Replace the link in the file.

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


class _ServerWithoutSignals(uvicorn.Server):
    """A server that leaves signals to its process."""

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
    """Yield the values that the `Host` header of a request may have."""
    names = {host}
    if is_loopback(host) or host in _ANY_ADDRESS:
        names |= {"127.0.0.1", "localhost", "::1"}
    if host in _ANY_ADDRESS:
        names |= {socket.gethostname(), socket.getfqdn()}
    for name in names:
        yield f"{_url_host(name)}:{port}"


def _url_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
