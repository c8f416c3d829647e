"""Exports, as a browser saves them: the same rows as the page shows, in its order, with its columns."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Page
from tests.console.browser.test_explore import turn_all
from tests.console.browser.visits import Visit, settled
from tests.console.conftest import Served

from anthropic_audit.console.truncation import cut
from anthropic_audit.visible import visible

COLUMNS = ("user.email", "user_agent.original", "anthropic.audit.changes")
ASKED = "q=event.action+%3A+%28sso_login_*+or+claude_artifact_viewed+or+*admin*%29&columns=" + ",".join(COLUMNS)
Read = Sequence[Sequence[str]]


def shown(page: Page) -> Read:
    """Return the table's rows: time, sentence, action, actor, outcome, address, and additional columns."""
    rows: Read = page.locator("#rows").evaluate(
        """body => [...body.rows].map((row) => {
          const cells = [...row.cells], told = cells[1];
          return [
            cells[0].firstChild.getAttribute('datetime'), told.querySelector('a').textContent,
            told.querySelector('small').textContent.trim(),
            cells[2].textContent, cells[3].textContent, cells[4].firstChild.textContent,
            ...cells.slice(5).map((one) => one.textContent),
          ];
        })"""
    )
    return rows


def saved(page: Page, name: str) -> tuple[str, Path]:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    return waiting.value.suggested_filename, Path(waiting.value.path())


def as_shown(value: Any) -> str:
    """Return a value as a cell of the page shows it."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def on_a_page(cell: str) -> str:
    """Return an exported cell as a page shows it: cut, and with invisible characters shown."""
    return visible(cut(cell), "\n\t")


def lines(path: Path) -> list[str]:
    """Return the lines of a file, split at line feeds only."""
    return path.read_text("utf-8").removesuffix("\n").split("\n")


def of_csv(path: Path) -> tuple[Sequence[str], Read]:
    first, *others = csv.reader(io.StringIO(path.read_bytes().decode(), newline=""))
    return first, [[re.sub(r"^'(?=[=+@\t\r-])", "", cell) for cell in line] for line in others]


def of_ndjson(path: Path) -> tuple[Sequence[str], Read]:
    rows: list[Mapping[str, Any]] = [json.loads(line) for line in lines(path)]
    return list(rows[0]), [[as_shown(value) for value in row.values()] for row in rows]


def of_parquet(path: Path) -> tuple[Sequence[str], Read]:
    table = pq.read_table(path)
    return table.column_names, [[value or "" for value in row.values()] for row in table.to_pylist()]


READERS = {"CSV": of_csv, "NDJSON": of_ndjson, "Parquet": of_parquet}


@pytest.mark.sampled(1)
@pytest.mark.parametrize("sort", ["", "&sort=user.email", "&sort=-event.outcome"])
def test_an_export_has_the_rows_of_the_page_in_its_order(shared: Served, visit: Visit, sort: str) -> None:
    page = visit(shared, f"/explore?{ASKED}{sort}")
    turn_all(page)
    rows = shown(page)
    assert len(rows) > 100

    for name, read in READERS.items():
        file, path = saved(page, name)
        columns, exported = read(path)
        assert file == f"events-20261111-20261118.{name.lower()}"
        assert list(columns) == [
            "@timestamp", "told", "event.action", "who", "event.outcome", "source.ip", *COLUMNS,
        ]  # fmt: skip
        assert [[on_a_page(cell) for cell in row] for row in exported] == rows, name


def test_an_export_is_of_what_was_asked_last(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    page.get_by_label("Query").fill("event.outcome : failure")
    page.get_by_label("Query").press("Enter")
    page.get_by_label("Period", exact=True).select_option("Last 24 hours")
    settled(page)
    turn_all(page)

    _, path = saved(page, "NDJSON")

    assert {json.loads(line)["event.outcome"] for line in lines(path)} == {"failure"}
    assert [[on_a_page(cell) for cell in row[:6]] for row in of_ndjson(path)[1]] == shown(page)
