"""When: the period, the visitor's own time or UTC, refreshing, and going back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from playwright.sync_api import Page, expect
from tests.console.browser.visits import Visit, Watch, held, query_of, settled
from tests.console.conftest import Serve, Served

LATE = "2026-11-17T10:00:00Z"


def events(page: Page) -> str:
    return page.get_by_role("region", name="Key figures").locator("strong").first.inner_text()


def test_a_relative_period_is_chosen_from_a_list(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    week = events(page)

    page.get_by_label("Period", exact=True).select_option("Last 24 hours")
    settled(page)

    assert query_of(page) == {"from": ["now-24h"]}
    assert 0 < int(events(page).replace(",", "")) < int(week.replace(",", ""))
    for link in page.get_by_role("navigation").get_by_role("link").all():
        assert (link.get_attribute("href") or "").endswith("?from=now-24h")


def test_an_absolute_period_is_written(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")

    page.get_by_label("Period", exact=True).select_option("Custom period…")
    expect(page.get_by_label("from", exact=True)).to_be_focused()
    page.get_by_label("from", exact=True).fill("2026-11-17T08:00:00Z")
    page.get_by_label("to", exact=True).fill(LATE)
    page.get_by_label("to", exact=True).press("Enter")
    settled(page)

    assert query_of(page) == {"from": ["2026-11-17T08:00:00Z"], "to": [LATE]}
    shown = page.locator("#rows time").all()
    times = [datetime.fromisoformat(one.get_attribute("datetime") or "") for one in shown]
    assert times
    assert all(datetime(2026, 11, 17, 8, tzinfo=UTC) <= when < datetime(2026, 11, 17, 10, tzinfo=UTC) for when in times)
    page.reload()
    settled(page)
    expect(page.get_by_label("to", exact=True)).to_have_value(LATE)


def test_a_period_that_is_none_is_told(shared: Served, visit: Visit, watch: Watch) -> None:
    watch.expect("400 (Bad Request)")

    page = visit(shared, "/explore?from=yesterday-ish&to=now")

    expect(page.get_by_role("alert").first).to_contain_text(
        "not a time: yesterday-ish".replace("yesterday-ish", "`yesterday-ish`")
    )


def test_times_are_the_visitors_own_or_utc(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    first = page.locator("#rows time").first
    when = datetime.fromisoformat(first.get_attribute("datetime") or "")
    expect(first).to_have_text(f"{when - timedelta(hours=5):%Y-%m-%d %H:%M:%S}")

    page.get_by_role("button", name="Local time").click()
    settled(page)

    expect(first).to_have_text(f"{when:%Y-%m-%d %H:%M:%S} UTC")
    page.get_by_role("link", name="Feed health").click()
    expect(page.get_by_role("button", name="UTC")).to_be_visible()
    expect(page.locator("main time").first).to_contain_text(" UTC")


def test_the_charts_axis_is_in_the_zone_that_is_chosen(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/?from=2026-11-17T12:00:00Z&to=2026-11-17T14:00:00Z")
    labels = page.locator("#p-over-time + .body .role-axis-label text")
    expect(labels.filter(has_text="08").first).to_be_visible()

    page.get_by_role("button", name="Local time").click()
    settled(page)

    expect(labels.filter(has_text="13:").first).to_be_visible()
    expect(labels.filter(has_text="08")).to_have_count(0)


def test_it_refreshes_by_itself_until_it_is_told_not_to(serve: Serve, visit: Visit) -> None:
    served = serve()
    page = visit(served, "/explore", is_inside=False)
    page.context.add_cookies([{"name": n, "value": v, "url": served.url} for n, v in served.inside().cookies.items()])
    page.clock.install()
    page.goto("/explore")
    settled(page)

    page.get_by_label("Refresh").select_option("Every 10 seconds")
    with page.expect_response("**/api/events?*"):
        page.clock.run_for(10_100)
    settled(page)
    page.get_by_label("Refresh").select_option("Auto-refresh off")
    settled(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    page.evaluate("fetch('/static/icon.svg')")

    assert asked == [f"{served.url}/static/icon.svg"]


def test_refreshing_leaves_alone_what_is_being_written(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    page.get_by_label("Query").fill("event.outcome : fail")
    page.get_by_label("Period", exact=True).select_option("Custom period…")
    page.get_by_label("from", exact=True).fill("2026-11-17")

    page.evaluate("document.dispatchEvent(new CustomEvent('query-changed'))")
    settled(page)

    expect(page.get_by_label("Query")).to_have_value("event.outcome : fail")
    expect(page.get_by_label("from", exact=True)).to_have_value("2026-11-17")


def test_the_back_button_shows_what_was_asked_before(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/explore")
    everything = page.locator("#count").inner_text()
    page.get_by_label("Query").fill("event.outcome : failure")
    page.get_by_label("Query").press("Enter")
    settled(page)
    failures = page.locator("#count").inner_text()
    assert failures != everything

    page.go_back()
    settled(page)
    expect(page.locator("#count")).to_have_text(everything)
    expect(page.get_by_label("Query")).to_have_value("")
    page.go_forward()
    settled(page)
    expect(page.locator("#count")).to_have_text(failures)
    expect(page.get_by_label("Query")).to_have_value("event.outcome : failure")


def test_asking_the_same_again_does_not_make_the_back_button_useless(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    page.get_by_role("link", name="Explore", exact=True).click()
    settled(page)
    for _ in range(3):
        page.get_by_role("button", name="Apply", exact=True).click()
        settled(page)

    page.go_back()

    expect(page).to_have_url(f"{shared.url}/")


def test_an_empty_period_says_so(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/?from=2020-01-01&to=2020-01-02")

    for body in page.locator(".panel[data-shape=ranking] .body, .panel[data-shape=chart] .body").all():
        expect(body).to_have_text("No events in this period")
    assert set(page.locator(".figures strong").all_inner_texts()) == {"0"}
    page.get_by_role("link", name="Explore", exact=True).click()
    settled(page)
    expect(page.get_by_text("No events match. Try a longer period or fewer conditions.")).to_be_visible()
    expect(page.get_by_role("button", name="Load more")).to_be_hidden()


def test_a_slow_answer_to_an_old_question_does_not_replace_that_to_a_new_one(shared: Served, visit: Visit) -> None:
    page = visit(shared, "/")
    waiting = held(page, "**/api/overview/numbers?from=now-1h*")

    page.get_by_label("Period", exact=True).select_option("Last hour")
    expect(page.locator(".numbers .body")).to_have_attribute("aria-busy", "true")
    page.get_by_label("Period", exact=True).select_option("Last 30 days")
    settled(page)
    month = events(page)
    waiting[0].continue_()
    page.evaluate("fetch('/static/icon.svg')")

    assert events(page) == month
    assert int(month.replace(",", "")) > 1000
