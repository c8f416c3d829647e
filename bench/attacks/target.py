"""The attacked consoles, on an archive with attacks in every field, and the results of attacks."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx2
from tests.collecting import NOW
from tests.console.archives import make_archive
from tests.console.conftest import Served, users

from anthropic_audit.console import open_console
from anthropic_audit.console.views.overview import PANELS
from anthropic_audit.settings import Settings
from anthropic_audit.testing import FakeClock

COOKIE: Final = "anthropic_audit_session"
PAGES: Final = ("/", "/explore", "/feeds", "/event/1", "/entity/user/x", "/export/csv", "/export/ndjson")
ANSWERS: Final = (
    *(f"/api/overview/{panel}" for panel in PANELS),
    "/api/events",
    "/api/over-time",
    "/api/fields",
    "/api/values?field=user.email",
    "/api/completions?text=user.email:",
    "/api/searches",
    "/api/entity/latest/user/x",
)


@dataclass(frozen=True, slots=True)
class Try:
    """One variant of an attack: the response, and whether the console withstood it."""

    variant: str
    answered: str
    has_held: bool


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack with all its variants."""

    tried: str
    tries: Sequence[Try]

    @property
    def has_held(self) -> bool:
        """Whether there is a variant, and the console withstood all variants."""
        return bool(self.tries) and all(one.has_held for one in self.tries)

    @property
    def answered(self) -> str:
        """The six most frequent responses, with their counts."""
        found = Counter(one.answered for one in self.tries)
        return ", ".join(f"{text} x {number}" if number > 1 else text for text, number in found.most_common(6))


def attack(tried: str, tries: Iterable[Try]) -> Attack:
    """Run all variants, and return the attack."""
    return Attack(tried, tuple(tries))


class Grounds:
    """An archive, and consoles on it, which are closed together."""

    def __init__(self, folder: Path) -> None:
        self.archive = folder / "archive"
        self._folder = folder
        self._numbers = count()
        self._stack = ExitStack()
        make_archive(self.archive)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def serve(self, *, has_users: bool = False, session: str = "12h") -> Served:
        """Serve a new console: by its link, or with a viewer and an investigator."""
        log = self._folder / f"access-{next(self._numbers)}.ndjson"
        console_settings = {
            "port": 0,
            "access_log": str(log),
            "users": users() if has_users else [],
            "session": session,
        }
        clock, links = FakeClock(NOW), list[str]()
        settings = Settings.model_validate({"archive": str(self.archive), "console": console_settings})
        console = self._stack.enter_context(open_console(settings, clock, links.append))
        return Served(console, clock, log, self.archive, links, self._stack.enter_context(ExitStack()))

    def digest(self) -> str:
        """Return a digest of all bytes of the archive, except the console's own folder."""
        found = sha256()
        for file in sorted(self.archive.rglob("*")):
            inside = file.relative_to(self.archive)
            if file.is_file() and inside.parts[0] != "console":
                found.update(str(inside).encode() + b"\0" + sha256(file.read_bytes()).digest())
        return found.hexdigest()


def raw(served: Served, request: bytes, *, seconds: float = 5.0) -> bytes:
    """Send bytes, and return all bytes that are received until the server closes or is silent for `seconds`."""
    host, _, port = served.host.rpartition(":")
    received = b""
    with socket.create_connection((host, int(port)), timeout=seconds) as connection:
        try:
            connection.sendall(request)
            while some := connection.recv(65_536):
                received += some
        except OSError:
            pass
    return received


def head(served: Served, line: str, *more: str) -> str:
    """Return the head of a request with `Connection: close`."""
    lines = (f"{line} HTTP/1.1", f"Host: {served.host}", "Connection: close", *more)
    return "".join(f"{one}\r\n" for one in lines) + "\r\n"


def statuses(answer: bytes) -> list[int]:
    """Return the statuses of all responses in the received bytes."""
    return [int(line.split(b" ")[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def summary(answer: bytes) -> str:
    """Return the statuses of the received bytes as text, or `closed` or `no HTTP`."""
    return " ".join(map(str, statuses(answer))) or ("closed" if not answer else "no HTTP")


def cookie_of(client: httpx2.Client) -> str:
    """Return the `Cookie` header of a client's session."""
    return f"{COOKIE}={client.cookies[COOKIE]}"


def still_works(served: Served) -> bool:
    """Return whether the console still serves other clients."""
    return served.client().get("/login", timeout=5).status_code == httpx2.codes.OK
