"""Error messages in pages, without endless waiting."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, Watch, settled
from tests.console.conftest import Serve, Served

from anthropic_audit.archive import open_reader

PAGES = ("/", "/explore", "/entity/address/192.0.2.99")


def stop(served: Served) -> None:
    """Let the console be gone, as when its process has ended."""
    served.console.__exit__(None, None, None)


def ask_again(page: Page) -> None:
    page.get_by_role("button", name="Apply", exact=True).click()
    settled(page)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", PAGES)
def test_a_console_that_is_gone_is_told_in_words(served: Served, visit: Visit, watch: Watch, path: str) -> None:
    watch.expect("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
    page = visit(served, path)

    stop(served)
    ask_again(page)

    trouble = page.locator("main .trouble, main [role=status]:has(.trouble)")
    expect(trouble.first).to_contain_text(
        "the console does not respond (check that it is running, then reload the page)"
    )
    shown = page.locator("body").inner_text()
    assert "Failed to fetch" not in shown
    assert "…" not in shown.replace("Custom period…", "")


def test_completing_without_a_console_offers_nothing(served: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("ERR_CONNECTION_REFUSED", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET")
    page = visit(served, "/explore")

    stop(served)
    with page.expect_request("**/api/completions?*"):
        page.get_by_label("Query").press_sequentially("event")

    expect(page.get_by_role("option")).to_have_count(page.locator("select option").count())


def test_it_recovers_when_the_console_answers_again(served: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("ERR_CONNECTION_REFUSED", "ERR_FAILED")
    page = visit(served, "/")
    page.context.set_offline(True)
    watch.expect("ERR_INTERNET_DISCONNECTED")
    ask_again(page)
    expect(page.locator("main .trouble").first).to_contain_text("the console does not respond")

    page.context.set_offline(False)
    ask_again(page)

    expect(page.locator("main .trouble")).to_have_count(0)
    expect(page.locator(".chart svg")).to_have_count(3)


def damage(archive: Path) -> int:
    """Let each file of events be something else; return how many of them the newest version needs."""
    needed = len(open_reader(str(archive)).event_files())
    for file in archive.glob("events/**/*.parquet"):
        file.write_bytes(b"no parquet at all")
    return needed


def expect_damage(page: Page, files: int) -> None:
    """Expect the banner with the number of files that are left out, without raw errors."""
    banner = page.get_by_role("alert", name="Damaged files")
    expect(banner).to_have_count(1)
    expect(banner).to_contain_text(f"{files} damaged or missing file")
    expect(banner).to_contain_text("anthropic-audit archive repair")
    assert "Traceback" not in page.content()


@pytest.mark.sampled(1)
@pytest.mark.parametrize("path", PAGES)
def test_damage_that_is_found_after_a_page_was_loaded_is_told_on_it_and_on_the_next(
    serve: Serve, own_archive: Path, visit: Visit, path: str
) -> None:
    page = visit(serve(archive=own_archive), path)
    expect(page.get_by_role("alert", name="Damaged files")).to_have_count(0)

    files = damage(own_archive)
    ask_again(page)

    expect_damage(page, files)
    expect(page.locator("main .trouble")).to_have_count(0)
    page.reload()
    expect_damage(page, files)


def test_an_event_of_a_damaged_archive_is_not_there_and_that_is_told(
    serve: Serve, own_archive: Path, visit: Visit, watch: Watch
) -> None:
    watch.expect("404 (Not Found)")
    page = visit(serve(archive=own_archive), "/feeds")

    files = damage(own_archive)
    answer = page.goto("/event/5")

    assert answer is not None
    assert answer.status == 404
    expect_damage(page, files)


def test_what_can_not_be_written_down_is_not_shown_and_that_is_told(served: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("503 (Service Unavailable)")
    page = visit(served, "/")
    page.route("**/api/**", lambda route: route.fulfill(status=503, content_type="text/plain", body=UNWRITTEN))

    ask_again(page)

    expect(page.locator("main .trouble").first).to_have_text(UNWRITTEN.strip())


UNWRITTEN = "the access log can't be written: no page is served until it can\n"
