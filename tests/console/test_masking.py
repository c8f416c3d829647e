"""A viewer sees no personal value anywhere, and can't ask for one; an investigator sees everything."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import orjson
import pyarrow.parquet as pq
import pytest
from tests.console.conftest import Serve, csrf

from anthropic_audit.archive import open_reader
from anthropic_audit.catalogue import load
from anthropic_audit.console.entities import KINDS, named, path
from anthropic_audit.console.views.event import leaves
from anthropic_audit.console.views.overview import PANELS
from anthropic_audit.privacy.field_names import FieldNames
from anthropic_audit.privacy.masking import Masked
from anthropic_audit.query.fields import COLUMNS, known_fields

CATALOGUE = load()
PERSONAL = frozenset(FieldNames(CATALOGUE).personal())
LENS = Masked(CATALOGUE, b"key")
HIDDEN_COLUMNS = sorted(name for name in COLUMNS if LENS.hides(name))
FIELDS = sorted(known_fields([*CATALOGUE.ecs_fields, *CATALOGUE.exported_fields()]))
ALWAYS = {"from": "1960-01-01", "to": "now+1d"}
PARTS = ("seen", "over-time", "latest", "changed", "changes", "values")
SHORTEST = 6
"""Shorter texts occur in others by chance."""

Document = dict[str, Any]


def is_personal(field: str) -> bool:
    return any(field == one or field.startswith(f"{one}.") for one in PERSONAL)


def texts(value: object) -> Iterator[str]:
    if isinstance(value, (list, tuple)):
        for one in value:
            yield from texts(one)
    elif isinstance(value, Mapping):
        yield from texts(list(value.values()))
    elif isinstance(value, str):
        yield value


@pytest.fixture(scope="module")
def documents(archive: Path) -> dict[int, Document]:
    """All documents except the hostile ones, which have the same text in every field, personal or not."""
    with open_reader(str(archive)).connect() as connection:
        rows = connection.sql(
            "SELECT seq, document FROM events WHERE id NOT LIKE 'activity_enemy%' AND id != 'unreadable'"
        ).fetchall()
    return {seq: orjson.loads(document) for seq, document in rows}


@pytest.fixture(scope="module")
def secrets(documents: dict[int, Document]) -> frozenset[str]:
    """The values that personal fields have, and no other field."""
    hidden, shown = set[str](), set[str]()
    for document in documents.values():
        for field, value in leaves(document):
            (hidden if is_personal(field) else shown).update(texts(value))
    told = (f"{entry.description} {entry.sentence}" for entry in CATALOGUE.types.values())
    public = "\n".join([*shown, *told, *FIELDS])
    return frozenset(one for one in hidden if len(one) >= SHORTEST and one not in public and not names_a_thing(one))


def names_a_thing(text: str) -> bool:
    """Return whether a text is the generated name of a non-person, such as `service account service_account_1`."""
    kind, _, identity = text.rpartition(" ")
    return bool(kind) and identity.startswith(("service_account_", "admin_api_key_", "api_key_", "apikey_"))


@pytest.fixture(scope="module")
def telling(documents: dict[int, Document]) -> list[int]:
    """Of each set of personal fields that events have, one event."""
    found: dict[frozenset[str], int] = {}
    for seq, document in documents.items():
        found.setdefault(frozenset(field for field, _ in leaves(document) if is_personal(field)), seq)
    return sorted(found.values())


def leaked(answer: httpx2.Response, secrets: frozenset[str]) -> list[str]:
    assert answer.status_code == 200, answer.text
    if answer.headers["content-type"].endswith("parquet"):
        shown = "\n".join(texts(pq.read_table(io.BytesIO(answer.content)).to_pylist()))
    else:
        shown = f"{answer.text}\n{unescape(answer.text)}\n{answer.text.replace(chr(92), '')}"
    return sorted(one for one in secrets if one in shown)


def test_there_is_something_to_hide(secrets: frozenset[str], documents: dict[int, Document]) -> None:
    people = {document["user"]["email"] for document in documents.values() if "email" in document.get("user", {})}
    addresses = {document["source"]["ip"] for document in documents.values() if "ip" in document.get("source", {})}

    assert len(people) > 10
    assert len(addresses) > 20
    assert people | addresses <= secrets


@pytest.mark.parametrize("page", ["/", "/explore", "/feeds", "/entity/organization/x", "/entity/key/x"])
def test_no_page_tells_a_viewer(viewer: httpx2.Client, secrets: frozenset[str], page: str) -> None:
    assert leaked(viewer.get(page, params=ALWAYS), secrets) == []


def test_no_events_page_tells_a_viewer(viewer: httpx2.Client, secrets: frozenset[str], telling: list[int]) -> None:
    found = {seq: leaked(viewer.get(f"/event/{seq}"), secrets) for seq in telling}

    assert {seq: texts for seq, texts in found.items() if texts} == {}


@pytest.mark.parametrize("panel", sorted(PANELS))
def test_no_panel_tells_a_viewer(viewer: httpx2.Client, secrets: frozenset[str], panel: str) -> None:
    assert leaked(viewer.get(f"/api/overview/{panel}", params=ALWAYS), secrets) == []


@pytest.mark.parametrize("start", range(0, len(FIELDS), 30))
def test_no_column_tells_a_viewer(viewer: httpx2.Client, secrets: frozenset[str], start: int) -> None:
    columns = ",".join(FIELDS[start : start + 30])

    shown = viewer.get("/api/events", params={**ALWAYS, "columns": columns})

    assert leaked(shown, secrets) == []


@pytest.mark.parametrize("kind", ["csv", "ndjson", "parquet"])
def test_no_export_tells_a_viewer(viewer: httpx2.Client, secrets: frozenset[str], kind: str) -> None:
    columns = sorted({*HIDDEN_COLUMNS, *list(PERSONAL)[:20], "anthropic.audit.metadata", "user", "related"} & {*FIELDS})

    exported = viewer.get(f"/export/{kind}", params={**ALWAYS, "columns": ",".join(columns[:30])})

    assert leaked(exported, secrets) == []


def test_no_field_values_tell_a_viewer(viewer: httpx2.Client, secrets: frozenset[str]) -> None:
    found = {
        field: leaked(viewer.get("/api/values", params={**ALWAYS, "field": field}), secrets)
        for field in sorted({*COLUMNS, *PERSONAL})
    }

    assert {field: texts for field, texts in found.items() if texts} == {}


def test_no_completions_tell_a_viewer(viewer: httpx2.Client, secrets: frozenset[str]) -> None:
    begun = [f"{field} : {start}" for field in COLUMNS for start in ("", '"', "a")]

    found = {text: leaked(viewer.get("/api/completions", params={**ALWAYS, "text": text}), secrets) for text in begun}

    assert {text: texts for text, texts in found.items() if texts} == {}


def test_no_part_of_an_entity_tells_a_viewer(
    viewer: httpx2.Client, secrets: frozenset[str], documents: dict[int, Document]
) -> None:
    of_kind = {kind: (field, value) for one in documents.values() for kind, field, value in named(one)}
    places = [(kind, path(field, value)) for kind, (field, value) in of_kind.items() if not LENS.hides(field)]

    found = {}
    for _, place in places:
        assert place
        found[place] = leaked(viewer.get(place), secrets)
        for part in PARTS:
            address = place.replace("/entity/", f"/api/entity/{part}/")
            found[address] = leaked(viewer.get(address, params=ALWAYS), secrets)

    assert {"key", "organization", "network"} <= of_kind.keys()
    assert {place: texts for place, texts in found.items() if texts} == {}


def test_the_feeds_of_a_viewer_do_not_name_those_who_used_our_keys(
    viewer: httpx2.Client, inside: httpx2.Client
) -> None:
    marker = "Foreign requests"
    shown = {"viewer": viewer.get("/feeds").text, "investigator": inside.get("/feeds").text}

    assert marker in shown["viewer"]
    assert marker in shown["investigator"]
    _, _, strangers = shown["viewer"].partition(marker)
    assert " from masked-" in strangers


@pytest.mark.parametrize("kind", ["user", "address"])
@pytest.mark.parametrize("part", ["", *PARTS])
def test_a_viewer_has_no_page_of_a_person(viewer: httpx2.Client, kind: str, part: str) -> None:
    place = f"/api/entity/{part}/{kind}/alice@acme.example" if part else f"/entity/{kind}/alice@acme.example"

    answer = viewer.get(place)

    assert answer.status_code == 400
    assert "personal data" in answer.text


def test_every_kind_of_entity_is_either_personal_or_not(viewer: httpx2.Client) -> None:
    found = {kind: viewer.get(f"/entity/{kind}/x").status_code for kind in KINDS}

    assert found == {kind: 400 if kind in {"user", "address"} else 200 for kind in KINDS}


REFUSED = [
    "user.email : *",
    'user.email : "alice@acme.example"',
    "not user.email : alice@acme.example",
    "event.outcome : failure and (event.action : x or not (user.id : u* and feed : acme))",
    "user.email > a",
    "source.ip : 10.0.0.0/8",
    "related.user : alice",
    "related.hosts : x",
    "user.* : *a*",
    "*.email : a*",
    "*ser.email : a*",
    "anthropic.audit.* : a*",
    "anthropic.audit.metadata.note : x",
    "anthropic.audit.setting_metadata.x.y : *",
    "anthropic.audit.actor.name : a*",
    "anthropic.audit.changes : *",
    "event.original : *alice*",
    "event.id : activity_1",
    "error.message : *",
    "url.path : /x",
    "alice",
    '"alice"',
    "alice*",
    "* : alice",
    "*:alice*",
    "not alice",
]


@pytest.mark.parametrize("query", REFUSED)
@pytest.mark.parametrize("way", ["q", "filter"])
def test_a_viewer_can_not_ask_for_personal_data(viewer: httpx2.Client, query: str, way: str) -> None:
    places = ("/api/events", "/api/over-time", "/api/values?field=event.action", "/api/overview/numbers", "/export/csv")

    answers = [viewer.get(place, params={**dict(httpx2.URL(place).params), way: query}) for place in places]

    assert {answer.status_code for answer in answers} == {400}
    for answer in answers[:-1]:
        assert "personal data" in answer.json()["error"]
        assert "investigator" in answer.json()["hint"]


@pytest.mark.parametrize("query", REFUSED)
def test_an_investigator_may_ask_for_all(inside: httpx2.Client, query: str) -> None:
    assert inside.get("/api/overview/numbers", params={"q": query}).status_code == 200


@pytest.mark.parametrize("query", ["*", "* : *", "event.outcome : failure", "not event.action : sso_*", "feed : acme"])
def test_a_viewer_may_ask_for_what_is_not_personal(viewer: httpx2.Client, query: str) -> None:
    assert viewer.get("/api/events", params={"q": query}).status_code == 200


@pytest.mark.parametrize("field", HIDDEN_COLUMNS)
@pytest.mark.parametrize("sign", ["", "-"])
def test_a_viewer_can_not_sort_by_what_is_masked_as_the_order_tells(
    viewer: httpx2.Client, field: str, sign: str
) -> None:
    answer = viewer.get("/api/events", params={"sort": f"{sign}{field}"})

    assert (answer.status_code, answer.json()["error"]) == (400, f"`{field}` holds personal data")
    assert viewer.get("/export/csv", params={"sort": f"{sign}{field}"}).status_code == 400


def test_masked_values_are_ranked_so_that_equal_ones_tell_no_order(viewer: httpx2.Client) -> None:
    found = viewer.get("/api/values", params={**ALWAYS, "field": "user.target.email"}).json()["values"]
    new = viewer.get("/api/overview/new-user.email", params=ALWAYS).json()["values"]

    assert found == sorted(found, key=lambda one: (-one["events"], one["value"]))
    assert all(one["value"].startswith("masked-") for one in [*found, *new])
    assert len({one["events"] for one in found}) < len(found)


def test_the_same_person_has_the_same_mask_everywhere_and_another_one_in_another_process(
    serve: Serve, viewer: httpx2.Client
) -> None:
    other = serve(has_users=True).inside("viewer")

    masks = [who(client) for client in (viewer, viewer, other)]

    assert masks[0] == masks[1]
    assert not masks[0] & masks[2]


def who(client: httpx2.Client) -> set[str]:
    rows = client.get("/api/events").json()["rows"]
    return {row["who"] for row in rows if row["who"]}


def test_a_viewer_does_not_get_the_text_as_received(viewer: httpx2.Client, inside: httpx2.Client) -> None:
    assert 'id="raw"' not in viewer.get("/event/1").text
    assert "The received text is visible to investigators only" in viewer.get("/event/1").text
    assert 'id="raw"' in inside.get("/event/1").text


def test_a_viewer_is_not_shown_saved_searches_that_name_people(serve: Serve, own_archive: Path) -> None:
    served = serve(has_users=True, archive=own_archive)
    investigator, viewer = served.inside("investigator"), served.inside("viewer")
    for name, query in (
        ("by query", "q=user.email+%3A+%22alice%40acme.example%22"),
        ("by filter", "filter=not+source.ip+%3A+%22203.0.113.5%22"),
        ("by order", "sort=user.email"),
        ("unreadable", "q=%22alice"),
        ("failures", "q=event.outcome+%3A+failure&columns=user.email"),
    ):
        investigator.post(
            "/api/searches", data={"name": name, "query": query}, headers={"x-csrf-token": csrf(investigator)}
        )

    assert [one["name"] for one in viewer.get("/api/searches").json()] == ["failures"]
    assert len(investigator.get("/api/searches").json()) == 5


def test_a_viewer_neither_replaces_nor_removes_a_search_that_is_not_shown(serve: Serve, own_archive: Path) -> None:
    served = serve(has_users=True, archive=own_archive)
    investigator, viewer = served.inside("investigator"), served.inside("viewer")
    personal = {"name": "alice", "query": "q=user.email+%3A+alice"}
    investigator.post("/api/searches", data=personal, headers={"x-csrf-token": csrf(investigator)})

    token = {"x-csrf-token": csrf(viewer)}
    refused = [
        viewer.post("/api/searches", data={"name": "alice", "query": "q=feed:x"}, headers=token),
        viewer.post("/api/searches", data={"name": "alice", "do": "remove"}, headers=token),
        viewer.post("/api/searches", data={**personal, "name": "bob"}, headers=token),
    ]

    assert [one.status_code for one in refused] == [400, 400, 400]
    assert investigator.get("/api/searches").json() == [personal]
