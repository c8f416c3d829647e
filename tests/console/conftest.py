"""Fixtures: consoles on a small archive, served on loopback, and their clients."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

import httpx2
import orjson
import pytest
from tests.collecting import NOW
from tests.console.archives import make_archive
from tests.console.identity import OPENID_SECRET, Provider

from anthropic_audit.console import Console, hash_password, open_console
from anthropic_audit.redact import Secret
from anthropic_audit.settings import Settings
from anthropic_audit.testing import FakeClock

PASSWORD = "correct horse battery staple"
HEADERS = {"sec-fetch-site": "same-origin"}
"""Headers that a browser sends with a request of the console's own pages."""


@dataclass
class Served:
    """A running console, and the links that it printed."""

    console: Console
    clock: FakeClock
    log: Path
    archive: Path
    links: list[str]
    clients: ExitStack

    @property
    def url(self) -> str:
        """The URL of its socket, independent of `public_url`."""
        return f"http://127.0.0.1:{self.console._socket.getsockname()[1]}"

    @property
    def host(self) -> str:
        return self.url.partition("://")[2]

    def client(self, address: str = "127.0.0.1") -> httpx2.Client:
        """Return a client without a session."""
        way = httpx2.HTTPTransport(local_address=address)
        return self.clients.enter_context(
            httpx2.Client(base_url=self.url, trust_env=False, timeout=30, headers=HEADERS, transport=way)
        )

    def inside(self, name: str = "") -> httpx2.Client:
        """Return a client with a session: by the link, or as a user."""
        client = self.client()
        if name:
            answer = client.post("/login", data={"name": name, "password": PASSWORD})
        else:
            answer = client.get(self.console.link())
        assert answer.status_code == 303, answer.text
        return client

    def noted(self) -> list[dict[str, Any]]:
        """Return the lines of the access log."""
        return [orjson.loads(line) for line in self.log.read_bytes().splitlines()]


Serve = Callable[..., Served]
"""Serves a console: `serve(users=True, archive=folder, session='1h')`."""


def csrf(client: httpx2.Client) -> str:
    """Return the session's CSRF token from a page."""
    found = re.search(r'data-csrf="([^"]+)"', client.get("/feeds").text)
    assert found
    return found[1]


@cache
def users() -> list[Mapping[str, str]]:
    hashed = hash_password(PASSWORD)
    return [{"name": role, "password_hash": hashed, "role": role} for role in ("viewer", "investigator")]


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared archive that no test changes."""
    folder = tmp_path_factory.mktemp("console") / "archive"
    make_archive(folder)
    return folder


@pytest.fixture
def own_archive(archive: Path, tmp_path: Path) -> Path:
    """A copy of the archive for one test to change."""
    return Path(copytree(archive, tmp_path / "archive"))


@contextmanager
def consoles(archive: Path, folders: pytest.TempPathFactory) -> Iterator[Serve]:
    """Yield a function that starts consoles, and stop them all at the end."""
    with ExitStack() as stack:

        def serve(*, has_users: bool = False, archive: Path = archive, now: datetime = NOW, **console: Any) -> Served:
            log = folders.mktemp("log") / "access.ndjson"
            told = {"port": 0, "access_log": str(log), "users": users() if has_users else [], **console}
            clock, links = FakeClock(now), list[str]()
            settings = Settings.model_validate({"archive": str(archive), "console": told})
            secret = Secret(OPENID_SECRET) if "openid" in console else None
            opened = stack.enter_context(open_console(settings, clock, links.append, client_secret=secret))
            return Served(opened, clock, log, archive, links, stack.enter_context(ExitStack()))

        yield serve


@pytest.fixture(scope="module")
def serving(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start consoles that the tests of a file share."""
    with consoles(archive, tmp_path_factory) as serve:
        yield serve


@pytest.fixture
def serve(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    """Start consoles for one test."""
    with consoles(archive, tmp_path_factory) as serve:
        yield serve


@pytest.fixture(scope="module")
def shared(serving: Serve) -> Served:
    """A shared console without users, for tests that only read."""
    return serving()


@pytest.fixture(scope="module")
def shared_with_users(serving: Serve) -> Served:
    """A shared console with users, for tests that only read."""
    return serving(has_users=True)


@pytest.fixture
def served(serve: Serve) -> Served:
    """A console without users, where the holder of the link is an investigator."""
    return serve()


@pytest.fixture
def served_with_users(serve: Serve) -> Served:
    """A console with a viewer and an investigator."""
    return serve(has_users=True)


@pytest.fixture(scope="module")
def inside(shared: Served) -> httpx2.Client:
    """A client of an investigator."""
    return shared.inside()


@pytest.fixture(scope="module")
def viewer(shared_with_users: Served) -> httpx2.Client:
    """A client of a viewer."""
    return shared_with_users.inside("viewer")


@pytest.fixture
def provider() -> Iterator[Provider]:
    """An identity provider that responds correctly."""
    with Provider(FakeClock(NOW)).serving() as provider:
        yield provider


@pytest.fixture
def openid(serve: Serve, provider: Provider) -> Served:
    """A console where users log in at that provider only."""
    return serve(openid=provider.settings())


@pytest.fixture
def nothing_is_told(openid: Served, provider: Provider, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Check after a test that no log contains a secret or a traceback."""
    yield
    written = openid.log.read_text() + caplog.text
    assert not [secret for secret in provider.secrets if secret in written]
    assert "Traceback" not in written
