"""Setup of a cluster: parts are created once, upgrades keep data, and dashboards are installed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import httpx2
import pytest
from tests.engines.launch import Engine
from tests.sinks import places
from tests.sinks.places import sink

from anthropic_audit.catalogue import load
from anthropic_audit.delivery import PlannedChange, set_up, set_up_dashboards
from anthropic_audit.delivery.setup import parts
from anthropic_audit.errors import SetupError, SinkDeniedError, SinkRefusedError
from anthropic_audit.redact import Secret
from anthropic_audit.sinks import BoardServer, open_cluster

Json = dict[str, Any]


class Paper:
    """A cluster in memory that returns stored parts in the form of OpenSearch or Elasticsearch."""

    def __init__(self) -> None:
        self.kept: dict[str, Json] = {}
        self.asked: list[tuple[str, str]] = []

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:
        self.asked.append((method, path))
        place, _, version = path.partition("?")
        if method == "PUT":
            known = self.kept.get(place)
            assert bool(version) == (known is not None and "_ism" in place)
            more = {"_seq_no": 3, "_primary_term": 1} if "_ism" in place else {}
            self.kept[place] = {**dict(body or {}), **more}
        return self.kept.get(place)


@pytest.mark.parametrize(
    "settings",
    [
        {"to": "opensearch", "urls": ["http://x"], "retention": "90d"},
        {"to": "opensearch", "urls": ["http://x"]},
        {"to": "elasticsearch", "urls": ["http://x"], "lifecycle": "ilm", "retention": "90d"},
        {"to": "elasticsearch", "urls": ["http://x"], "lifecycle": "ilm"},
        {"to": "elasticsearch", "urls": ["http://x"], "retention": "90d"},
    ],
)
def test_everything_is_made_once_and_brought_up_to_date(settings: Json) -> None:
    cluster, chosen = Paper(), sink(**settings)

    rehearsed = list(set_up(cluster, chosen, load(), is_rehearsal=True))  # type: ignore[arg-type]
    assert cluster.kept == {}
    first = list(set_up(cluster, chosen, load()))  # type: ignore[arg-type]
    again = list(set_up(cluster, chosen, load()))  # type: ignore[arg-type]
    longer = sink(**settings, namespace="default").model_copy(update={"retention": chosen.timeout * 86_400})
    changed = {one.change for one in set_up(cluster, longer, load())}  # type: ignore[arg-type]

    assert first == rehearsed
    assert {one.change for one in first} == {PlannedChange.CREATE}
    assert {one.change for one in again} == {PlannedChange.NONE}
    assert PlannedChange.UPDATE in changed


def test_what_is_skipped_is_told_in_the_words_of_the_cluster() -> None:
    class Refusing(Paper):
        def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:
            if method == "PUT" and path.startswith("/_ingest"):
                message = "the target answered 400: parse_exception: [field] required property is missing"
                raise SinkRefusedError(message, status=400)
            return super().ask(method, path, body)

    steps = list(set_up(Refusing(), sink(to="opensearch", urls=["http://x"]), load()))  # type: ignore[arg-type]

    assert steps[-1].change is PlannedChange.SKIP
    assert "[field] required property is missing" in steps[-1].reason


def test_retention_goes_where_each_engine_has_it() -> None:
    def made(**settings: Any) -> str:
        return json.dumps([part.body for part in parts(sink(urls=["http://x"], retention="90d", **settings), load())])  # type: ignore[arg-type]

    assert '"lifecycle": {"data_retention": "90d"}' in made(to="elasticsearch")
    assert '"delete": {"min_age": "90d"' in made(to="elasticsearch", lifecycle="ilm")
    assert '"min_index_age": "90d"' in made(to="opensearch")


def test_an_upgrade_rolls_over_and_keeps_data(opensearch: Engine) -> None:
    place = places.opensearch(opensearch)
    stream = getattr(place.settings, "data_stream", "")
    document = {"@timestamp": "2026-11-18T09:00:00Z", "event": {"id": "a"}}
    httpx2.put(f"{opensearch.url}/{stream}/_create/a?refresh=true", json=document).raise_for_status()
    newer = replace(load(), version="2027.1.1")

    with closing(open_cluster(place.settings, None)) as cluster:  # type: ignore[arg-type]
        steps = {one.change for one in set_up(cluster, place.settings, newer)}  # type: ignore[arg-type]
        again = {one.change for one in set_up(cluster, place.settings, newer)}  # type: ignore[arg-type]
        list(set_up(cluster, place.settings, load()))  # type: ignore[arg-type]

    assert {PlannedChange.UPDATE, PlannedChange.ROLL_OVER} <= steps
    assert again <= {PlannedChange.NONE, PlannedChange.SKIP}
    assert [name for name, _ in place.read()] == ["a"]
    assert len(httpx2.get(f"{opensearch.url}/{stream}").json()) == 3


@contextmanager
def shown(kept: list[Json], *, status: int = 200) -> Iterator[str]:
    """Answer as the programs' documentation says: import, and get."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            found = next((one for one in kept if one["id"] == name), None)
            self._say(status if found or status != 200 else 404, found or {})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            kept[:] = [json.loads(line) for line in body.splitlines() if line.startswith(b'{"')]
            kept.append({"id": "headers", **{name.lower(): value for name, value in self.headers.items()}})
            self._say(status, {"success": status == 200})

        def _say(self, code: int, value: Json) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(value).encode())

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize(("kind", "mark"), [("elasticsearch", "kbn-xsrf"), ("opensearch", "osd-xsrf")])
def test_the_overview_is_installed_once(kind: str, mark: str) -> None:
    kept: list[Json] = []
    with shown(kept) as url:
        settings: Any = sink(
            to=kind, urls=["http://x"], dashboards_url=url, auth="basic", username="us", secret_env="K"
        )
        with closing(BoardServer(settings, Secret("sesame-0123456789"))) as boards:
            steps = [set_up_dashboards(boards, settings, is_rehearsal=True)]
            assert kept == []
            steps += [set_up_dashboards(boards, settings) for _ in range(2)]

    assert [one.change for one in steps] == [PlannedChange.CREATE, PlannedChange.CREATE, PlannedChange.NONE]
    assert {one["type"] for one in kept if "type" in one} >= {"dashboard", "index-pattern", "search"}
    assert (kept[-1][mark], kept[-1]["authorization"][:6]) == ("true", "Basic ")


def test_who_may_not_install_it_is_told() -> None:
    with shown([], status=403) as url:
        settings: Any = sink(to="opensearch", urls=["http://x"], dashboards_url=url)
        with closing(BoardServer(settings, None)) as boards, pytest.raises(SinkDeniedError):
            set_up_dashboards(boards, settings)
    with shown([], status=400) as url:
        settings = sink(to="opensearch", urls=["http://x"], dashboards_url=url)
        with closing(BoardServer(settings, None)) as boards, pytest.raises(SinkRefusedError):
            set_up_dashboards(boards, settings)
    signed: Any = sink(
        to="opensearch", urls=["http://x"], dashboards_url="http://x", auth="aws", aws_region="eu-west-1"
    )
    with pytest.raises(SetupError, match="can't be signed"):
        BoardServer(signed, None)
