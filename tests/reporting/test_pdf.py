"""Reports as PDF."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from pypdf import PdfReader
from tests.reporting.conftest import ACTIVITIES, ALICE, Make, Report

from anthropic_audit.reporting import compose, to_pdf

HOSTILE = '#panic("x") *bold* $x$ <label> @ref \\ [ ] // /* ` = title'
NAMES = "Zoë Алиса Ελένη שלום مرحبا नमस्ते สวัสดี"


def read(written: bytes) -> tuple[PdfReader, str]:
    reader = PdfReader(io.BytesIO(written))
    text = " ".join(" ".join(page.extract_text().split()) for page in reader.pages)
    return reader, text


def test_a_report_has_pages_with_its_words(make_archive: Make, gathered: Report) -> None:
    reader, text = read(to_pdf(compose(gathered(make_archive()))))

    assert 3 <= len(reader.pages) <= 9
    assert reader.metadata is not None
    assert reader.metadata.title == "Audit report: 2026-11-11 12:00 to 2026-11-18 12:00 UTC"
    for words in ("Completeness", "alice@acme.example", "admin_api_key_created", "SHA-256"):
        assert words in text
    assert f"1 / {len(reader.pages)}" in text


def test_it_is_made_for_keeping_and_for_listening(make_archive: Make, gathered: Report) -> None:
    reader, _ = read(to_pdf(compose(gathered(make_archive()))))

    assert reader.xmp_metadata is not None
    about = reader.xmp_metadata.stream.get_data().decode()
    assert 'pdfaid:part="2"' in about or "<pdfaid:part>2<" in about
    assert 'pdfuaid:part="1"' in about or "<pdfuaid:part>1<" in about
    assert reader.root_object.get("/StructTreeRoot") is not None


def test_long_words_can_be_copied_as_they_are(make_archive: Make, gathered: Report) -> None:
    name = "a_rather_long_name_that_is_joined_of_many@a-domain-that-is-long.acme.example"
    some = [(kind, {**ALICE, "email_address": name}, ago, fields) for kind, _, ago, fields in ACTIVITIES]

    _, text = read(to_pdf(compose(gathered(make_archive(some)))))

    assert name in text.replace(" ", "")
    assert "\u200b" not in text


def test_long_names_are_broken_inside_of_their_column(make_archive: Make, gathered: Report) -> None:
    name = "an_unheard_of_type_with_a_name_of_two_lines"
    some = [(name, actor, ago, fields) for _, actor, ago, fields in ACTIVITIES]

    _, text = read(to_pdf(compose(gathered(make_archive(some)))))

    assert name not in text
    assert name in "".join(text.split())


def test_the_same_report_is_the_same_file(make_archive: Make, gathered: Report) -> None:
    found = compose(gathered(make_archive()))

    assert to_pdf(found) == to_pdf(found)


def test_nothing_of_an_activity_becomes_markup(make_archive: Make, gathered: Report) -> None:
    mallory = {**ALICE, "email_address": HOSTILE}
    some = [(kind, mallory, ago, fields) for kind, _, ago, fields in ACTIVITIES]

    _, text = read(to_pdf(compose(gathered(make_archive(some)))))

    assert '#panic("x") *bold* $x$ <label> @ref' in text


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(NAMES, id="many scripts"),
        pytest.param("\U00010380\U00012000\U0001f47e 張偉", id="perhaps in no font"),
        pytest.param("\U0010ffff\ue000\ufffe", id="in no font"),
        pytest.param("x" * 3000, id="a word longer than a line"),
    ],
)
def test_any_name_prints(make_archive: Make, gathered: Report, name: str) -> None:
    some = [(kind, {**ALICE, "email_address": name}, ago, fields) for kind, _, ago, fields in ACTIVITIES]

    reader, text = read(to_pdf(compose(gathered(make_archive(some)))))

    assert len(reader.pages) >= 3
    assert "Most active users" in text


def test_words_of_many_scripts_can_be_found(make_archive: Make, gathered: Report) -> None:
    found = replace(compose(gathered(make_archive())), title="Prüfbericht Аудит Έλεγχος")

    assert "Prüfbericht Аудит Έλεγχος" in read(to_pdf(found))[1]
