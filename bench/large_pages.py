"""Measure the memory of collecting large pages and activities, in comparison to a small page.

Each case has its own server with one page, and one `collect --once` in a new process. The result is the growth of its
peak (VmHWM), as a multiple of the response's size. The documented limit is 4 (docs/reference/limits.md).
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

MIB = 2**20
MAX_RATIO = 4.0
MAIN = "from anthropic_audit.cli import main; main()"


def activity(number: int, nbytes: int, when: datetime) -> tuple[datetime, bytes]:
    """Return an activity of about `nbytes` bytes that do not compress well."""
    text = random.Random(number).randbytes(nbytes * 3 // 8).hex()[: nbytes * 3 // 4] + "x" * (nbytes // 4)
    members = {
        "id": f"activity_{number:06}",
        "type": "claude_chat_viewed",
        "created_at": when.isoformat(),
        "note": text,
    }
    return when, json.dumps(members).encode()


def serve(activities: list[tuple[datetime, bytes]]) -> ThreadingHTTPServer:
    """Serve a list of activities as the API does, on a free port of loopback."""

    class Feed(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            start, end = (datetime.fromisoformat(asked[f"created_at.{name}"][0]) for name in ("gte", "lt"))
            rows = [one for one in activities if start <= one[0] < end]
            if "after_id" in asked:
                after = asked["after_id"][0].encode()
                place = next(place for place, one in enumerate(activities) if after in one[1][:60])
                rows = [one for one in activities[place + 1 :] if one[0] < end]
            limit = int(asked["limit"][0])
            shown, more = rows[:limit], len(rows) > limit
            last = json.loads(shown[-1][1])["id"] if shown else None
            head, tail = b'{"data":[', json.dumps({"has_more": more, "last_id": last})[1:].encode()
            parts = [head, *(part for _, raw in shown for part in (b",", raw))]
            if shown:
                del parts[1]
            parts.append(b"]," + tail)
            self.send_response(200)
            self.send_header("request-id", "req_1")
            self.send_header("content-length", str(sum(map(len, parts))))
            self.end_headers()
            for part in parts:
                self.wfile.write(part)

        def handle_one_request(self) -> None:
            with suppress(ConnectionError):
                super().handle_one_request()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def high_water(pid: int) -> int:
    """Return the peak memory of a process in bytes; 0 if it has ended."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0
    return 0


def peak_of(sizes: list[int]) -> tuple[int, int]:
    """Collect activities of the given sizes; return the peak memory in bytes, and the number of stored activities."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
    activities = [activity(number, size, start + timedelta(seconds=number)) for number, size in enumerate(sizes)]
    server = serve(activities)
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "ANTHROPIC_COMPLIANCE_ACCESS_KEY": "sk-ant-api01-TEST0000000000"}
        words = ["collect", "--once", "--url", f"http://127.0.0.1:{server.server_port}"]
        log = Path(folder) / "log"
        with log.open("wb") as file:
            process = subprocess.Popen([sys.executable, "-c", MAIN, *words], cwd=folder, env=env, stderr=file)
            peak = 0
            while process.poll() is None:
                peak = max(peak, high_water(process.pid))
                time.sleep(0.01)
        server.shutdown()
        lines = log.read_text().splitlines()
        if process.returncode:
            sys.exit("\n".join(lines[-5:]))
        stored = sum(json.loads(line).get("new", 0) for line in lines if line.startswith("{"))
        return peak, stored


def main() -> None:
    """Print a line for each case."""
    base, _ = peak_of([1000])
    print(f"{'a small page':32} peak {base / MIB:7,.0f} MiB")
    cases = {
        "60 activities of 1 MiB": [MIB] * 60,
        "240 activities of 1 MiB": [MIB] * 240,
        "6 activities of 10 MiB": [10 * MIB] * 6,
        "one of 100 MiB": [100 * MIB],
        "one of 100 MiB among small ones": [1000] * 50 + [100 * MIB] + [1000] * 50,
    }
    is_bad = False
    for name, sizes in cases.items():
        peak, stored = peak_of(sizes)
        answer = max(min(sum(sizes), 64 * MIB), *sizes)
        ratio = (peak - base) / answer
        is_bad = is_bad or ratio > MAX_RATIO or stored != len(sizes)
        print(
            f"{name:32} peak {peak / MIB:7,.0f} MiB, {ratio:4.1f} times the response, {stored} of {len(sizes)} stored"
        )
    sys.exit(int(is_bad))


if __name__ == "__main__":
    main()
