"""The Python API, and the examples of its guide."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.serving import ids, key, serving, truth

import anthropic_audit
from anthropic_audit import collect, normalize, open_archive, search
from anthropic_audit.errors import FeedDeniedError, QueryError, SetupError

pytestmark = pytest.mark.slow

GUIDE = Path(__file__).parent.parent / "docs" / "guides" / "python.md"


def test_the_examples_of_the_guide_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)

    with serving() as server:
        for example in examples:
            exec(compile(example, str(GUIDE), "exec"), {"key": key(server), "url": server.url})  # noqa: S102 - ours

    printed = capsys.readouterr().out
    assert len(examples) == 5
    assert "is stored" in printed
    assert "did you mean `event.action`" in printed


def test_what_is_collected_is_found_once(tmp_path: Path) -> None:
    with serving() as server:
        feed = {"url": server.url, "initial_interval": "2d"}
        covered_to = collect(tmp_path / "archive", key(server), feed=feed)
        again = collect(tmp_path / "archive", key(server), feed=feed)
        expected = truth(server)

    archive = open_archive(tmp_path / "archive")
    found = list(search(archive))
    assert timedelta(0) < datetime.now(UTC) - covered_to < timedelta(minutes=5)
    assert again >= covered_to
    assert set(expected) <= set(ids(tmp_path / "archive"))
    assert len(found) == len({event["event"]["id"] for event in found}) == len(ids(tmp_path / "archive"))
    assert [event["@timestamp"] for event in found] == sorted((event["@timestamp"] for event in found), reverse=True)
    assert list(search(archive, limit=2, oldest_first=True)) == found[::-1][:2]


def test_wrong_use_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="archive"):
        open_archive(tmp_path / "none")
    with pytest.raises(SetupError, match="no such schema: cef"):
        normalize([], schema="cef")
    with pytest.raises(SetupError, match="interval"):
        collect(tmp_path / "archive", "sk-ant-api01-TEST0000000000", feed={"interval": "soon"})
    assert not (tmp_path / "archive").exists()


def test_a_refused_key_is_said_without_the_key(tmp_path: Path) -> None:
    with serving() as server, pytest.raises(FeedDeniedError) as caught:
        collect(tmp_path / "archive", "sk-ant-api01-TESTWRONG0000", feed={"url": server.url})

    assert "TESTWRONG" not in f"{caught.value} {caught.value.hint}"


def test_a_wrong_query_is_said_before_the_first_event(tmp_path: Path) -> None:
    with serving() as server:
        collect(tmp_path / "archive", key(server), feed={"url": server.url})

    with pytest.raises(QueryError):
        search(tmp_path / "archive", "event.action :")


def test_importing_the_package_imports_no_library() -> None:
    code = "import sys, anthropic_audit; print(sorted({'duckdb', 'pydantic', 'httpx2', 'typer'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    assert sorted(set(anthropic_audit.__all__) - set(dir(anthropic_audit))) == sorted(
        {"collect", "normalize", "open_archive", "search"} - set(dir(anthropic_audit))
    )
    with pytest.raises(AttributeError, match="nonsense"):
        _ = anthropic_audit.nonsense
