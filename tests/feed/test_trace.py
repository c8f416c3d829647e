from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from anthropic_audit.errors import SetupError
from anthropic_audit.feed.trace import Exchange, Tracer, trace_line

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def exchange(body: bytes = b'{"data":[]}') -> Exchange:
    return Exchange(
        asked_at=NOW,
        seconds=0.25,
        url="https://user:word@api.example/v1?limit=1",
        request_headers=[("X-Api-Key", "sk-ant-api01-TESTTEST"), ("accept", "application/json")],
        status=200,
        response_headers=[("request-id", "req_1"), ("set-cookie", "session=TESTTEST")],
        body=body,
    )


def test_a_line_has_the_exchange_without_secrets() -> None:
    line = trace_line(exchange(b'{"key":"sk-ant-admin01-TESTTEST"}'))

    written = orjson.loads(line)
    assert b"TESTTEST" not in line
    assert b"word@" not in line
    assert written["response"]["status"] == 200
    assert written["response"]["body"] == {"text": '{"key":"sk-ant-admin01-***"}'}
    assert ["request-id", "req_1"] in written["response"]["headers"]


def test_bytes_that_are_no_text_are_kept() -> None:
    assert orjson.loads(trace_line(exchange(b"\xff\x00")))["response"]["body"] == {"base64": "/wA="}


def test_full_files_move_on_and_the_oldest_goes(tmp_path: Path) -> None:
    tracer = Tracer(tmp_path, "acme", max_bytes=1, max_files=2)

    for number in range(5):
        tracer.write(exchange(b"%d" % number))
    tracer.close()

    kept = {path.name: orjson.loads(path.read_bytes())["response"]["body"]["text"] for path in tmp_path.iterdir()}
    assert kept == {"acme.ndjson": "4", "acme.ndjson.1": "3", "acme.ndjson.2": "2"}


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    Tracer(tmp_path / "new", "acme").close()

    assert stat.S_IMODE((tmp_path / "new" / "acme.ndjson").stat().st_mode) == 0o600


def test_a_folder_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(SetupError, match="request tracer"):
        Tracer(tmp_path / "file", "acme")


def test_a_write_that_fails_does_not_stop_the_collecting(tmp_path: Path) -> None:
    tracer = Tracer(tmp_path, "acme")
    tracer.close()

    tracer.write(exchange())

    assert (tmp_path / "acme.ndjson").read_bytes() == b""
