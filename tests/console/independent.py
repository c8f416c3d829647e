"""A third-party identity provider (`oidc-provider-mock`), as a process of its own on loopback."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_RUNNING = re.compile(r"running on http://127\.0\.0\.1:(\d+)")


@contextmanager
def independent_provider(*people: Mapping[str, object]) -> Iterator[str]:
    """Start a provider with users, and yield its issuer; on `localhost`, so that it is another site than the console.

    It is a process of its own because its libraries raise warnings, which are errors in tests.
    """
    known = [word for person in people for word in ("--user-claims", json.dumps(person))]
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", "0", "--require-nonce", *known]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield f"http://localhost:{_port(process)}"
        finally:
            process.terminate()
            process.communicate(timeout=20)


def _port(process: subprocess.Popen[str]) -> int:
    lines = []
    for line in process.stderr or ():
        lines.append(line)
        if found := _RUNNING.search(line):
            return int(found[1])
    message = f"the provider did not start: {''.join(lines)}"
    raise RuntimeError(message)
