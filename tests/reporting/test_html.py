"""Reports as HTML."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from tests.reporting.conftest import ACTIVITIES, ALICE, DAY, HOUR, NOW, WHOLE, Make, Report, walked

from anthropic_audit.catalogue import Catalogue
from anthropic_audit.console.url_query import Period
from anthropic_audit.model import Coverage
from anthropic_audit.privacy.masking import Masked
from anthropic_audit.reporting import Gathered, compose, to_html

_VOID = {"meta", "img", "wbr"}
_KNOWN = {
    *("html", "head", "title", "style", "body", "main", "header", "section", "h1", "h2", "p", "dl", "div", "dt", "dd"),
    *("strong", "small", "figure", "figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td", "span"),
    *_VOID,
}
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(1)>{{ 7 * 7 }}#panic()\u202e'


class Checked(HTMLParser):
    """Reads a page, and fails where elements don't close as they open."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []
        self.attributes: set[tuple[str, str]] = set()
        self.sources: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _KNOWN
        self.attributes |= {(tag, name) for name, _ in attrs}
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]
        if tag not in _VOID:
            self.open.append(tag)
            self.texts.append(" ")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())


def page(found: Gathered) -> Checked:
    return Checked(to_html(compose(found)).decode())


def test_a_report_is_one_file_with_everything_inside(make_archive: Make, gathered: Report) -> None:
    written = to_html(compose(gathered(make_archive()))).decode()

    found = Checked(written)
    assert written.startswith("<!DOCTYPE html>")
    assert not re.search(r"https?://|<script|<link|@import|url\(", written)
    assert found.sources
    assert all(source.startswith("data:image/svg+xml;base64,") for source in found.sources)
    assert not any(name.startswith("on") for _, name in found.attributes)
    for section in ("Completeness", "Critical events", "About this report", "SHA-256"):
        assert section in found.text


def test_it_says_what_happened(make_archive: Make, gathered: Report) -> None:
    text = page(gathered(make_archive())).text

    assert "2026-11-11 12:00 to 2026-11-18 12:00 UTC" in text
    assert "org_1" in text
    assert "Events 4 +300 %; 1 before" in text
    assert "alice@acme.example" in text
    assert "bob@acme.example 2026-11-16 12:00 2" in text
    assert "admin_api_key_created" in text
    assert "1 event of the category authentication had the outcome failure." in text


@pytest.mark.parametrize(
    ("walks", "words"),
    [
        pytest.param(WHOLE, "Complete: 1 feed covered the period up to 2026-11-18 11:58:00 UTC", id="complete"),
        pytest.param([walked(8 * DAY, timedelta(0))], "Complete: 1 feed covered all of the period, without", id="all"),
        pytest.param([walked(8 * DAY, DAY)], "Incomplete: the feed acme covered 85.7 % of the period.", id="late"),
        pytest.param(
            [*WHOLE, walked(DAY, timedelta(0), feed="<i>")],
            "Incomplete: 1 of 2 feeds did not cover all of it: <i> (14.3 %).",
            id="one of two",
        ),
        pytest.param([], "Completeness is unknown", id="nothing"),
    ],
)
def test_it_begins_with_how_complete_it_is(
    make_archive: Make, gathered: Report, walks: list[Coverage], words: str
) -> None:
    assert words in page(gathered(make_archive(walks=walks))).text


def test_nothing_of_an_activity_becomes_markup(make_archive: Make, gathered: Report) -> None:
    mallory = {**ALICE, "email_address": HOSTILE, "user_agent": HOSTILE}
    some = [(kind, mallory, ago, {**fields, "note": HOSTILE}) for kind, _, ago, fields in ACTIVITIES]

    found = page(gathered(make_archive(some), title=HOSTILE))

    assert "<script>alert(1)</script>" in found.text
    assert "{{ 7 * 7 }}" in found.text
    assert "\u202e" not in found.text
    assert all(source.startswith("data:image/svg+xml;base64,") for source in found.sources)
    drawings = [base64.b64decode(source.partition(",")[2]).decode() for source in found.sources]
    assert not any("<script" in one or "<img" in one for one in drawings)


def test_an_empty_archive_gives_a_report_that_says_so(make_archive: Make, gathered: Report) -> None:
    text = page(gathered(make_archive([], []))).text

    assert "The archive has no event of this period." in text
    assert "no feed has finished a walk" in text
    assert "0 activities as received and 0 events" in text


def test_an_empty_period_is_told_with_its_coverage(make_archive: Make, gathered: Report) -> None:
    text = page(gathered(make_archive(), period=Period(NOW - 6 * DAY, NOW - 5 * DAY))).text

    assert "Complete: 1 feed covered all of the period" in text
    assert "The archive has no event of this period." in text


def test_a_period_that_has_not_begun_is_told(make_archive: Make, gathered: Report) -> None:
    assert "The period has not begun." in page(gathered(make_archive(), period=Period(NOW + HOUR, NOW + DAY))).text


def test_masked_values_are_nowhere(make_archive: Make, gathered: Report, catalogue: Catalogue) -> None:
    written = to_html(compose(gathered(make_archive(), masking=Masked(catalogue, b"k" * 32)))).decode()

    drawings = [base64.b64decode(source.partition(",")[2]).decode() for source in Checked(written).sources]
    for told in (written, *drawings):
        assert not re.search(r"alice|bob|203\.0\.113|198\.51\.100", told)
    assert "Personal data" in written
