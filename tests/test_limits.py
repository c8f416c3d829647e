"""Each limit on the page of limits equals the one in the code, holds at its edge, and gives a message beyond it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path

import pytest
from scripts.limits_page import LIMITS, written

from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.cli.output import MAX_CELL_CHARS, Heading, table
from anthropic_audit.console.truncation import MAX_VALUE_CHARS, as_text, cut, cut_value
from anthropic_audit.console.views.event import leaves, mapping
from anthropic_audit.errors import QueryError, SetupError
from anthropic_audit.query import document_fields, known_fields, parse_condition, parse_kql
from anthropic_audit.query.conditions import read_number
from anthropic_audit.query.kql import MAX_QUERY_CHARS, MAX_QUERY_DEPTH
from anthropic_audit.settings.section import MAX_DURATION, MAX_TIMEOUT
from anthropic_audit.settings.tree import MAX_FEEDS
from anthropic_audit.settings_loader import load
from anthropic_audit.settings_loader.load import MAX_DEPTH, MAX_FILE_CHARS, MAX_PROBLEMS

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "bounds.md"
ROWS = re.findall(r"^\| [^|]+ \| ([^|]+) \| [^|]+ \| `(\w+\.[\w.]+)` \|$", PAGE.read_text(), re.MULTILINE)
KNOWN = known_fields(document_fields(load_catalogue()))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SECRET = "sk-ant-api01-TEST-in-a-name"


@pytest.mark.parametrize(("documented", "constant"), ROWS, ids=[constant for _, constant in ROWS])
def test_a_documented_limit_is_the_one_in_the_code(documented: str, constant: str) -> None:
    module, _, name = constant.rpartition(".")
    value = getattr(import_module(f"anthropic_audit.{module}"), name)

    number = f"{value.days}d" if isinstance(value, timedelta) else f"{value:,}"
    assert documented.split(maxsplit=1)[0] == number
    assert documented in {written(one) for limits in LIMITS.values() for one in limits if one.constant == constant}


def test_each_limit_is_on_the_page() -> None:
    assert {constant for _, constant in ROWS} == {one.constant for limits in LIMITS.values() for one in limits}


def test_a_query_has_as_many_characters_and_levels_as_it_may() -> None:
    parse_kql("a" * MAX_QUERY_CHARS, KNOWN, NOW)
    parse_kql("(" * MAX_QUERY_DEPTH + "a" + ")" * MAX_QUERY_DEPTH, KNOWN, NOW)
    for text in ("a" * (MAX_QUERY_CHARS + 1), "(" * (MAX_QUERY_DEPTH + 1) + "a" + ")" * (MAX_QUERY_DEPTH + 1)):
        with pytest.raises(QueryError):
            parse_kql(text, KNOWN, NOW)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("9223372036854775808", 2.0**63),
        ("9" * 400, float("inf")),
        ("-" + "9" * 5000, float("-inf")),
        ("1e999", float("inf")),
        ("3.5", 3.5),
        (" 7 ", 7),
        ("٣", 3),
    ],
)
def test_a_number_beyond_64_bits_is_compared_as_a_float(text: str, number: float) -> None:
    assert read_number(text) == number
    assert isinstance(read_number(text), type(number))


@pytest.mark.parametrize("text", ["nan", "-NaN", "", "ten", "0x10"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_number(text)


def test_bytes_that_are_no_utf_8_are_pointed_at() -> None:
    text = b"user.email : \xff".decode("utf-8", "surrogateescape")

    with pytest.raises(QueryError) as caught:
        parse_kql(text, KNOWN, NOW)
    with pytest.raises(SetupError, match="character 12 is not valid UTF-8"):
        parse_condition(b"user.email=\xff".decode("utf-8", "surrogateescape"))

    assert caught.value.column == 14
    str(caught.value).encode()


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "[" * 3000 + "]" * 3000,
        "x = " + "{a=" * 1500 + "1" + "}" * 1500,
        ".".join("a" * 3000) + " = 1",
        "[" + ".".join("a" * 3000) + "]\nb = 1",
        "x = " + "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[[feeds]]\nbatch_size = " + "9" * 5000,
        "#" * (MAX_FILE_CHARS + 1),
        "[[feeds]]\n" * (MAX_FEEDS + 1),
        '[[feeds]]\ninterval = "999999999d"',
        f'[[feeds]]\ninterval = "{MAX_DURATION.days + 1}d"',
        "[[feeds]]\ninterval = -1",
        f'[[feeds]]\nhttp_client_timeout = "{MAX_TIMEOUT.days + 1}d"',
        '[[sinks]]\nname = "a"\nto = "ndjson"\nfolder = "x"\ntimeout = "25d"',
        '[retention]\nkeep = "999999999d"',
        '[console]\nsession = "999999999d"',
    ],
    ids=str,
)
def test_settings_beyond_a_limit_are_refused_in_words(text: str) -> None:
    with pytest.raises(SetupError) as caught:
        load(text, {}, {})

    assert len(str(caught.value)) < 2_000


def test_settings_at_a_limit_are_read() -> None:
    feed = f'[[feeds]]\ninterval = "{MAX_DURATION.days}d"\nhttp_client_timeout = "{MAX_TIMEOUT.days}d"\n'
    many = "".join(f'[[feeds]]\nname = "f{number}"\n' for number in range(MAX_FEEDS))

    assert load(feed, {}, {}).settings.feeds[0].interval == MAX_DURATION
    assert len(load(many, {}, {}).settings.feeds) == MAX_FEEDS


def test_many_problems_are_counted_and_tell_no_key() -> None:
    environ = {f"ANTHROPIC_AUDIT_{SECRET}_{number}": "1" for number in range(MAX_PROBLEMS + 7)}

    with pytest.raises(SetupError) as caught:
        load(None, environ, {})

    assert str(caught.value).endswith("and 7 more")
    assert SECRET not in str(caught.value)


def test_a_list_in_the_environment_may_be_nested_as_deep_as_it_likes() -> None:
    environ = {"ANTHROPIC_AUDIT_FEEDS__ACME__TAGS": "[" * 3000 + "]" * 3000}

    with pytest.raises(SetupError, match="TAGS"):
        load(None, environ, {})


def test_a_table_is_no_wider_than_its_longest_cell_may_be() -> None:
    drawn = table([Heading("a"), Heading("b")], [["x" * 10 * MAX_CELL_CHARS, "y"], ["z", "y" * MAX_CELL_CHARS]]).plain

    assert max(map(len, drawn.splitlines())) == 2 * MAX_CELL_CHARS + 2
    assert drawn.count("…") == 1
    assert "y" * MAX_CELL_CHARS in drawn


def test_pages_cut_long_values_and_say_how_much_is_missing() -> None:
    assert cut("a" * MAX_VALUE_CHARS) == "a" * MAX_VALUE_CHARS
    assert cut("a" * (MAX_VALUE_CHARS + 1)) == "a" * MAX_VALUE_CHARS + "… (1 more characters)"
    assert cut_value(["a"]) == ["a"]
    assert cut_value({"a": "b" * MAX_VALUE_CHARS}).endswith("more characters)")


def nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = {"a": value}
    return value


@pytest.mark.parametrize("levels", [300, 900])
def test_an_object_that_is_nested_too_deep_is_taken_apart_as_far_as_pages_do(levels: int) -> None:
    ((name, value),) = leaves(nested(levels))
    raw = b'{"x":' + b'{"a":' * levels + b"1" + b"}" * (levels + 1)

    ((shown, text, places),) = mapping(raw, {})

    assert (name.count("a"), shown.count("a"), places) == (32, 31, [])
    assert as_text(value) == text == "(nested too deeply to show)"
