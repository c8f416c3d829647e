"""Build the wheel, install it alone into a clean environment, and use it there.

A dependency that is used and not declared shows up here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ACTIVITY = b'{"id":"activity_1","type":"claude_chat_created","created_at":"2026-01-01T00:00:00Z"}'


def main() -> None:
    """Build, install, run; end with an error at the first step that fails."""
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
        refused = tried([command, "console"])
        if refused.returncode != 2 or b"anthropic-audit[console]" not in refused.stderr:
            sys.exit(f"a missing extra is not named: {refused.stderr.decode()}")
    print(f"wheel: {wheel.name} installs, imports and runs in a clean environment")


def install(wheel: Path, python: Path) -> None:
    """Install a wheel and what it needs: by uv, which takes seconds, or by pip where uv can't reach pip's index."""
    by_uv = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(python), str(wheel)]
    if tried(by_uv).returncode:
        quiet = ["--quiet", "--disable-pip-version-check"]
        run([sys.executable, "-m", "pip", "--python", str(python), "install", *quiet, str(wheel)])


def tried(command: list[str], given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run a command away from the checkout."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment.setdefault("UV_SYSTEM_CERTS", "1")
    return subprocess.run(command, input=given, capture_output=True, cwd="/", env=environment, check=False)


def run(command: list[str], given: bytes = b"") -> bytes:
    """Run a command away from the checkout, and return what it printed."""
    done = tried(command, given)
    if done.returncode:
        sys.exit(f"failed: {' '.join(command)}\n{done.stdout.decode()}{done.stderr.decode()}")
    return done.stdout


if __name__ == "__main__":
    main()
