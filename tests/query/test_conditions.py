"""The conditions of `--filter`."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import SetupError
from anthropic_audit.query import Condition, Operator, parse_condition


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        pytest.param("a=b", Condition("a", Operator.EQUAL, "b"), id="equal"),
        pytest.param("a.b!=c", Condition("a.b", Operator.UNEQUAL, "c"), id="unequal"),
        pytest.param("@timestamp >= 24h", Condition("@timestamp", Operator.AT_LEAST, "24h"), id="spaces"),
        pytest.param("a<=1", Condition("a", Operator.AT_MOST, "1"), id="at most"),
        pytest.param("a<1", Condition("a", Operator.LESS, "1"), id="less"),
        pytest.param("a>1", Condition("a", Operator.GREATER, "1"), id="greater"),
        pytest.param("a=b=c", Condition("a", Operator.EQUAL, "b=c"), id="an operator in the value"),
        pytest.param("a=", Condition("a", Operator.EQUAL, ""), id="empty value"),
        pytest.param("user-agent.x_1=é\n", Condition("user-agent.x_1", Operator.EQUAL, "é"), id="any value"),
    ],
)
def test_a_condition_is_read(text: str, condition: Condition) -> None:
    assert parse_condition(text) == condition


@pytest.mark.parametrize(
    "text",
    ["", "a", "=b", "a b=c", "a..b=c", ".a=b", "a.=b", "a'b=c", 'a"b=c', "a$=1", "a[*]=1", "a;drop=1", "1a=b", "ä=b"],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(SetupError):
        parse_condition(text)


@given(st.text(max_size=40))
def test_a_name_that_is_read_is_safe_in_a_path(text: str) -> None:
    try:
        name = parse_condition(f"{text}=x").field
    except SetupError:
        return

    assert not set(name) & set("\"'$[]*\\;() ")
