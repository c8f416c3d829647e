"""Stop commands while a response hangs, in each way it can hang, and report the duration and the exit code.

    python bench/stops.py --stops 50
    python bench/stops.py --stops 5 --ways body,headers --commands run,collect-once --fresh

Each way of hanging (`tests/hanging.py`) has a server on loopback, and each command a process that sends requests to it.
The process gets SIGTERM and SIGINT in turn; every fifth stop is two signals in a row. A stop is correct if the process
ends within 10 seconds with its documented exit code, and not by a signal. Processes are forked from one that has
imported everything; `--fresh` starts a new interpreter for each. The exit code is 1 if a stop was incorrect.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.hanging import WAYS, hanging  # noqa: E402 - it is found below the root only
from tests.serving import key, serving  # noqa: E402 - likewise

LIMIT_SECONDS = 10.0
KEY = "sk-ant-api01-TEST0000000000"
MAIN = "from anthropic_audit.cli import main; main()"
FEED_COMMANDS = {
    "run": (["run"], 0),
    "collect-once": (["collect", "--once"], 3),
    "collect-follow": (["collect", "--follow"], 0),
    "backfill": (["backfill", "--from", "2d"], 3),
}
SINK_COMMANDS = {
    f"{verb}-{to}": (words, code)
    for verb, words, code in (("deliver", ["sinks", "deliver"], 3), ("run", ["run"], 0))
    for to in ("http", "splunk_hec", "otlp", "elasticsearch", "opensearch", "kafka")
}
COMMANDS = {**FEED_COMMANDS, **SINK_COMMANDS}
USUAL = ("run", "collect-once", "collect-follow", "backfill", "deliver-http", "deliver-elasticsearch", "run-http")
TLS_WAYS = {"tls", "silent-tls"}

FORKER = """
import json, os, sys
import anthropic_audit.cli.app
from anthropic_audit.catalogue import load
from anthropic_audit.cli import main
load()
print("ready", flush=True)
for line in sys.stdin:
    asked = json.loads(line)
    pid = os.fork()
    if pid == 0:
        os.environ.update(asked["env"])
        os.chdir(asked["folder"])
        sys.stdin.close()
        out = os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(out, 1)
        os.dup2(out, 2)
        sys.argv = ["anthropic-audit", *asked["words"]]
        code = 1
        try:
            main()
        except SystemExit as left:
            code = left.code or 0
        import threading
        threading._shutdown()
        os._exit(code)
    print(pid, flush=True)
    _, status = os.waitpid(pid, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@dataclass
class Row:
    """The stops of one command with one way of hanging."""

    command: str
    way: str
    seconds: list[float] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def line(self) -> str:
        """Return the result as a line of text."""
        codes = ", ".join(f"{code}: {number}" for code, number in sorted(self.codes.items()))
        times = f"{len(self.seconds)} stops, median {median(self.seconds):.2f} s, worst {max(self.seconds):.2f} s"
        return f"{self.command:22} {self.way:20} {times}, exit codes {{{codes}}}{' WRONG' if self.wrong else ''}"


class Forked:
    """Runs commands in processes forked from one that has imported everything."""

    def __init__(self) -> None:
        command = [sys.executable, "-c", FORKER]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._asking, self._answers = self._process.stdin, self._process.stdout
        self._answers.readline()

    def start(self, words: Sequence[str], env: dict[str, str], folder: Path) -> int:
        """Start a command, and return its process id."""
        asked = {"words": words, "env": env, "folder": str(folder), "log": str(folder / "log")}
        self._asking.write(json.dumps(asked) + "\n")
        self._asking.flush()
        return int(self._answers.readline())

    def wait(self) -> int:
        """Wait for the end of the process; return the exit code, or the negative number of a signal."""
        return int(self._answers.readline())

    def close(self) -> None:
        """End the forking process."""
        self._asking.close()
        self._process.wait(20)


class Fresh:
    """Runs each command in a new interpreter."""

    def start(self, words: Sequence[str], env: dict[str, str], folder: Path) -> int:
        """Start a command, and return its process id."""
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", MAIN, *words], env={**os.environ, **env}, cwd=folder, stdout=log, stderr=log
            )
        return self._process.pid

    def wait(self) -> int:
        """Wait for the end of the process; return the exit code, or the negative number of a signal."""
        return self._process.wait()

    def close(self) -> None:
        """Do nothing: no resource is open."""


def settings(command: str, way: str, port: int, archive: Path) -> str:
    """Return settings with which a command sends its requests to the hanging server."""
    scheme = "https" if way in TLS_WAYS else "http"
    url = f"{scheme}://127.0.0.1:{port}"
    lines = [f'archive = "{archive}"', "[[feeds]]", 'name = "one"', 'api_key_env = "KEY"', 'initial_interval = "2d"']
    if command in FEED_COMMANDS:
        return "\n".join([*lines, *(_proxied(url) if way == "proxy" else [f'url = "{url}"'])])
    to = command.partition("-")[2]
    place = {"elasticsearch": f'urls = ["{url}"]', "opensearch": f'urls = ["{url}"]', "kafka": _brokers(port)}
    lines += ['url = "http://127.0.0.1:9"', "[[sinks]]", 'name = "main"', f'to = "{to}"']
    secret = ['secret_env = "KEY"'] if to == "splunk_hec" else []
    return "\n".join([*lines, place.get(to, f'url = "{url}"'), *secret])


def _proxied(url: str) -> list[str]:
    return ['url = "https://feed.example.com"', f'proxy_url = "{url}"']


def _brokers(port: int) -> str:
    return f'brokers = ["127.0.0.1:{port}"]'


def kill(process: int, number: int) -> None:
    """Send a signal to a process, if it still runs."""
    with suppress(ProcessLookupError):
        os.kill(process, number)


def stop(process: int, number: int) -> bool:
    """Send one signal or two; return whether it was two."""
    which = signal.SIGTERM if number % 2 == 0 else signal.SIGINT
    kill(process, which)
    if number % 5 != 4:  # noqa: PLR2004 - every fifth
        return False
    time.sleep(0.05)
    kill(process, which)
    return True


def measure(runner: Forked | Fresh, row: Row, stops: int, *, source: Path, folder: Path) -> Row:
    """Stop a command `stops` times; `source` is an archive with events, `folder` is the command's working directory."""
    words, expected = COMMANDS[row.command]
    reached = threading.Event()
    with hanging(row.way, reached) as port:
        archive = source if row.command in SINK_COMMANDS else folder / "archive"
        config = folder / "settings.toml"
        config.write_text(settings(row.command, row.way, port, archive))
        for number in range(stops):
            reached.clear()
            process = runner.start([*words, "--config", str(config)], {"KEY": KEY}, folder)
            reached.wait(2 if row.way == "unaccepted" else 30)
            time.sleep(0.3)
            started = time.monotonic()
            watchdog = threading.Timer(3 * LIMIT_SECONDS, kill, (process, signal.SIGKILL))
            watchdog.start()
            is_double = stop(process, number)
            code = runner.wait()
            watchdog.cancel()
            seconds = time.monotonic() - started
            row.seconds.append(seconds)
            row.codes[code] += 1
            allowed = {expected, 130, 143} if is_double else {expected}
            if code not in allowed or seconds > LIMIT_SECONDS:
                row.wrong.append(f"stop {number}: exit code {code} after {seconds:.1f} s")
    return row


@contextmanager
def events_archive(folder: Path) -> Iterator[Path]:
    """Create an archive with some events for sinks to deliver, and yield its folder."""
    with serving(per_day=300) as server:
        words = ["collect", "--once", "--url", server.url, "--archive", str(folder)]
        environ = {**os.environ, "ANTHROPIC_COMPLIANCE_ACCESS_KEY": key(server)}
        subprocess.run([sys.executable, "-c", MAIN, *words], env=environ, cwd=folder.parent, check=True)
    yield folder


def applies(command: str, way: str) -> bool:
    """Return whether a command can meet a way of hanging."""
    if way == "unread":
        return command in SINK_COMMANDS
    return way != "proxy" or command in FEED_COMMANDS


def main() -> int:
    """Run the stops of the options; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stops", type=int, default=50)
    parser.add_argument("--ways", default=",".join([*WAYS, "unaccepted"]))
    parser.add_argument("--commands", default=",".join(USUAL))
    parser.add_argument("--fresh", action="store_true")
    arguments = parser.parse_args()
    wrong = 0
    runner: Forked | Fresh = Fresh() if arguments.fresh else Forked()
    with tempfile.TemporaryDirectory() as name, events_archive(Path(name) / "events") as source:
        for command in arguments.commands.split(","):
            for way in arguments.ways.split(","):
                if not applies(command, way):
                    continue
                folder = Path(name) / f"{command}-{way}"
                folder.mkdir()
                row = measure(runner, Row(command, way), arguments.stops, source=source, folder=folder)
                print(row.line(), flush=True)
                for one in row.wrong[:3]:
                    print(f"    {one}", flush=True)
                    print("    " + "\n    ".join((folder / "log").read_text(errors="replace").splitlines()[-8:]))
                wrong += len(row.wrong)
    runner.close()
    print("every stop was correct" if not wrong else f"{wrong} stops were incorrect")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
