"""The query bar: completions, and markers of syntax errors."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.console.browser.visits import Visit, Watch, held, query_of, settled
from tests.console.conftest import Served


def query(page: Page) -> Locator:
    return page.get_by_label("Query")


def options(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Completions").get_by_role("option")


def test_a_query_is_written_by_keyboard_with_completions(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    page.keyboard.press("/")
    page.keyboard.type("event.outc")
    expect(options(page).first).to_contain_text("event.outcome : ")
    page.keyboard.press("ArrowDown")
    expect(options(page).first).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(query(page)).to_have_value("event.outcome : ")
    expect(options(page).first).to_contain_text("success")
    page.keyboard.type("fai")
    expect(options(page)).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(query(page)).to_have_value('event.outcome : "failure"')
    expect(query(page)).to_be_focused()
    page.keyboard.type(" a")
    expect(options(page).first).to_contain_text("and ")
    page.keyboard.press("Escape")
    expect(options(page)).to_have_count(0)
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    settled(page)

    assert query_of(page) == {"q": ['event.outcome : "failure"']}
    assert set(page.locator("#rows td:nth-child(4)").all_inner_texts()) == {"failure"}


def test_a_completion_is_taken_by_a_click_in_the_middle_of_a_query(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    query(page).fill("event.act and feed : acme")
    query(page).evaluate("one => one.setSelectionRange(9, 9)")
    query(page).press("i")

    options(page).filter(has_text="event.action").first.click()

    expect(query(page)).to_have_value("event.action :  and feed : acme")
    expect(query(page)).to_be_focused()
    assert query(page).evaluate("one => one.selectionStart") == len("event.action : ")


def test_a_completion_replaces_what_was_typed_since_it_was_offered(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    query(page).press_sequentially("event.act")
    expect(options(page).filter(has_text="event.action").first).to_be_visible()
    held(page, "**/api/completions*")
    query(page).evaluate("one => { one.value += 'io'; one.setSelectionRange(11, 11); }")  # its options never come

    options(page).filter(has_text="event.action").first.click()

    expect(query(page)).to_have_value("event.action : ")


def test_arrows_go_round_and_the_chosen_option_is_announced(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    query(page).press_sequentially("user.")
    expect(options(page).nth(1)).to_be_visible()
    last = options(page).count() - 1

    query(page).press("ArrowUp")
    expect(query(page)).to_have_attribute("aria-activedescendant", f"option-{last}")
    expect(options(page).nth(last)).to_be_in_viewport()
    query(page).press("ArrowDown")

    expect(query(page)).to_have_attribute("aria-activedescendant", "option-0")
    expect(query(page)).to_have_attribute("aria-expanded", "true")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", ["/", "/explore", "/entity/address/192.0.2.99"])
def test_what_can_not_be_read_is_pointed_at_until_it_is_mended(
    shared: Served, visit: Visit, watch: Watch, path: str
) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared, path)
    trouble = page.locator("#trouble")

    query(page).fill("event.outcome : (failure")
    query(page).press("Enter")
    settled(page)

    expect(trouble).to_be_visible()
    expect(query(page)).to_have_attribute("aria-invalid", "true")
    expect(query(page)).to_have_attribute("aria-describedby", "trouble")
    assert trouble.locator(".pointer").evaluate("one => one.textContent") == f"{' ' * len('event.outcome : (failure')}^"
    sign = trouble.locator(".pointer").bounding_box()
    assert sign is not None

    query(page).fill("event.outcome : (failure)")
    query(page).press("Enter")
    settled(page)
    expect(trouble).to_be_hidden()
    expect(query(page)).not_to_have_attribute("aria-invalid", "true")
    expect(page.locator("main .trouble")).to_have_count(0)


def test_the_pointer_stands_under_the_sign_that_is_meant(shared: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared, "/explore")
    query(page).fill("feed : acme ) and x")
    query(page).press("Enter")
    settled(page)

    start, sign = page.evaluate("""() => {
      const input = document.getElementById('q'), style = getComputedStyle(input);
      const pen = document.createElement('canvas').getContext('2d');
      pen.font = style.font;
      const before = input.getBoundingClientRect().left + parseFloat(style.paddingLeft) + 1;
      const range = document.createRange(), text = document.querySelector('.pointer').firstChild;
      range.setStart(text, text.length - 1);
      range.setEnd(text, text.length);
      return [before + pen.measureText('feed : acme ').width, range.getBoundingClientRect().left];
    }""")

    assert abs(start - sign) < 4


def test_an_unknown_field_is_told_with_what_was_meant(shared: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared, "/")

    query(page).fill("event.outcom : failure")
    query(page).press("Enter")

    expect(page.locator("#trouble")).to_contain_text("event.outcome")


def test_a_filter_that_can_not_be_read_is_told_and_removed(shared: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")
    page = visit(shared, "/?filter=event.outcome+%3A+%28x")
    expect(page.locator("main .trouble").first).to_contain_text("the filter `event.outcome : (x` can't be read")

    page.get_by_role("button", name="Remove event.outcome : (x").click()
    settled(page)

    expect(page.locator("main .trouble")).to_have_count(0)


def test_a_word_is_sought_everywhere(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    query(page).fill("Window.__PWNED")
    page.get_by_role("button", name="Apply", exact=True).click()
    settled(page)

    assert page.locator("#rows tr").count() > 2
    assert page.locator("#rows a").filter(has_text="window.__pwned").count() > 2
