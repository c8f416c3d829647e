"""Build the wheel, install it into a clean environment, and run its commands there.

This finds dependencies that are used but not declared.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

WRONG_USE = 2
ROOT = Path(__file__).resolve().parent.parent
ACTIVITY = b'{"id":"activity_1","type":"claude_chat_created","created_at":"2026-01-01T00:00:00Z"}'


def main() -> None:
    """Build, install and run the wheel; exit with an error at the first step that fails."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
        run([*build, "--wheel-dir", str(folder), str(ROOT)])
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "env", with_pip=False)
        install(wheel, folder / "env" / "bin" / "python")
        command = str(folder / "env" / "bin" / "anthropic-audit")
        run([command, "--version"])
        run([command, "collect", "--help"])
        document = run([command, "normalize"], ACTIVITY)
        if b'"action":"claude_chat_created"' not in document:
            sys.exit(f"this is not a normalized activity: {document.decode()}")
        refused = attempt([command, "console"])
        if refused.returncode != WRONG_USE or b"anthropic-audit[console]" not in refused.stderr:
            sys.exit(f"a missing extra is not named: {refused.stderr.decode()}")
    print(f"wheel: {wheel.name} installs, imports and runs in a clean environment")


def install(wheel: Path, python: Path) -> None:
    """Install a wheel and its dependencies: with uv, which takes seconds, or with pip if uv can't reach pip's index."""
    by_uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), str(wheel)]
    if attempt(by_uv).returncode:
        quiet = ["--quiet", "--disable-pip-version-check"]
        run([sys.executable, "-m", "pip", "--python", str(python), "install", *quiet, str(wheel)])


def attempt(command: list[str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command outside of the checkout, and return its result."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment.setdefault("UV_SYSTEM_CERTS", "1")
    return subprocess.run(command, input=stdin, capture_output=True, cwd="/", env=environment, check=False)


def run(command: list[str], stdin: bytes = b"") -> bytes:
    """Run a command outside of the checkout, and return its output; exit with an error if it fails."""
    done = attempt(command, stdin)
    if done.returncode:
        sys.exit(f"error: failed: {' '.join(command)}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout


if __name__ == "__main__":
    main()
