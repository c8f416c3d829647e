"""What is attacked: consoles on an archive whose every field is an attack; and how an attack is told."""

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
    """One variant of an attack, what was answered, and whether the console held."""

    variant: str
    answered: str
    has_held: bool


@dataclass(frozen=True, slots=True)
class Attack:
    """What was tried, in all its variants."""

    tried: str
    tries: Sequence[Try]

    @property
    def has_held(self) -> bool:
        """True when something was tried and none of it got anywhere."""
        return bool(self.tries) and all(one.has_held for one in self.tries)

    @property
    def answered(self) -> str:
        """All that was answered, with how often."""
        found = Counter(one.answered for one in self.tries)
        return ", ".join(f"{text} x {number}" if number > 1 else text for text, number in found.most_common(6))


def attack(tried: str, tries: Iterable[Try]) -> Attack:
    """Try all variants."""
    return Attack(tried, tuple(tries))


class Grounds:
    """An archive, and consoles on it that end together."""

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
        """Serve a console of its own: by the link, or to a viewer and an investigator."""
        log = self._folder / f"access-{next(self._numbers)}.ndjson"
        told = {"port": 0, "access_log": str(log), "users": users() if has_users else [], "session": session}
        clock, links = FakeClock(NOW), list[str]()
        settings = Settings.model_validate({"archive": str(self.archive), "console": told})
        console = self._stack.enter_context(open_console(settings, clock, links.append))
        return Served(console, clock, log, self.archive, links, self._stack.enter_context(ExitStack()))

    def digest(self) -> str:
        """Return what changes with each byte of the archive; what the console keeps beside it does not count."""
        found = sha256()
        for file in sorted(self.archive.rglob("*")):
            inside = file.relative_to(self.archive)
            if file.is_file() and inside.parts[0] != "console":
                found.update(str(inside).encode() + b"\0" + sha256(file.read_bytes()).digest())
        return found.hexdigest()


def raw(served: Served, request: bytes, *, seconds: float = 5.0) -> bytes:
    """Send bytes as they are, and return all that is answered until the other side closes or says no more."""
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
    """Return a request's head, after which the connection ends."""
    lines = (f"{line} HTTP/1.1", f"Host: {served.host}", "Connection: close", *more)
    return "".join(f"{one}\r\n" for one in lines) + "\r\n"


def statuses(answer: bytes) -> list[int]:
    """Return the statuses of all answers in what was received."""
    return [int(line.split(b" ")[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def told(answer: bytes) -> str:
    """Return in a word what was answered."""
    return " ".join(map(str, statuses(answer))) or ("closed" if not answer else "no HTTP")


def cookie_of(client: httpx2.Client) -> str:
    """Return the header by which somebody is known."""
    return f"{COOKIE}={client.cookies[COOKIE]}"


def still_works(served: Served) -> bool:
    """Say whether others are answered as ever."""
    return served.client().get("/login", timeout=5).status_code == httpx2.codes.OK
