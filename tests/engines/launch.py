"""An engine as a process: start, stop, kill and restart it on the same data and the same port.

No engine outlives the test session. A session that ends stops its engines; if the session is killed, an engine sees
its standard input close, and halts (Leash.java).
"""

from __future__ import annotations

import atexit
import random
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.engines.resolve import JAVA, class_path

HOST = "127.0.0.1"
PORTS = range(18_000, 30_000)
"""Below the ephemeral ports: otherwise a client that retries may take an engine's port."""
START_SECONDS, STOP_SECONDS = 90.0, 20.0
TAIL_LINES = 40
FLAGS = (
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
    "-Dlog4j2.disable.jmx=true",
)


class Engine:
    """One server on this machine, with its own folder; as a context manager it starts, and is stopped at the end."""

    def __init__(self, address: str, command: Sequence[str], folder: Path, answers: Callable[[str], bool]) -> None:
        self.address = address
        self.folder = folder
        self.log = folder / "server.log"
        self._command = command
        self._answers = answers
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The URL of an engine that speaks HTTP."""
        return f"http://{self.address}"

    @property
    def bootstrap(self) -> str:
        """The bootstrap address of a Kafka."""
        return self.address

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the engine on its existing data, and wait until it answers; do nothing if it runs."""
        if self.is_running:
            return
        self._end()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
            )
        atexit.register(self.stop)
        try:
            self._wait()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop the engine with SIGTERM, and wait for its end; kill it after `STOP_SECONDS`."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._end()

    def kill(self) -> None:
        """Kill the engine with SIGKILL, as a power failure does."""
        if self._process is not None:
            self._process.kill()
        self._end()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers(self.address):
            assert self.is_running, f"ended while it started, {self._tail()}"
            assert time.monotonic() < deadline, f"gave no answer in {START_SECONDS:.0f} s, {self._tail()}"
            time.sleep(0.1)

    def _tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "\n".join([f"{self.log} ends:", *lines])

    def _end(self) -> None:
        atexit.unregister(self.stop)
        if self._process is not None:
            self._process.wait()
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process = None


def java(classes: Sequence[Path], megabytes: int, *arguments: str, flags: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the command that runs a launcher under `Leash`, in a heap of a fixed size."""
    heap = (f"-Xms{megabytes}m", f"-Xmx{megabytes}m")
    return (JAVA, *heap, *FLAGS, *flags, "-cp", class_path(classes), "Leash", *arguments)


def free_address() -> str:
    """Return an unused address on this machine, as `host:port`.

    Raises:
        OSError: All tried ports are in use.
    """
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return f"{HOST}:{port}"
    message = f"no free port in {PORTS}"
    raise OSError(message)
