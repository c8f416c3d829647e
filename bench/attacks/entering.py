"""Enter without the link, and take over the session of another user."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import httpx2
from tests.console.conftest import PASSWORD, Served, csrf

from .target import ANSWERS, COOKIE, PAGES, Attack, Grounds, Try, attack, cookie_of

AT_ONCE = 50
GUESSES_BEFORE_A_WAIT = 7


def the_link(grounds: Grounds) -> Iterator[Attack]:
    """Enter by any means but the link that was printed last."""
    served = grounds.serve()
    yield attack("every page and API endpoint without a session", _without_a_session(served))
    yield attack("invalid tokens: parts, changes, other alphabets, random ones", _tokens(served))
    yield attack("the token in another part of a request than the link has it", _elsewhere(served))
    yield attack("the link, twice", _twice(served))
    yield attack("the link, by many clients at once", _by_many(served))
    yield attack("a thousand random tokens, one after the other", _a_thousand(grounds.serve()))


def sessions(grounds: Grounds) -> Iterator[Attack]:
    """Use a session that has ended, one of another user, or an id that the attacker chose."""
    served = grounds.serve(session="1h")
    yield attack("a stolen cookie after the logout", _after_logout(served))
    yield attack("a stolen cookie after a new login", _after_login(served))
    yield attack("a stolen cookie after the session has expired", _after_its_time(served))
    yield attack("variations of a valid cookie", _variations(served))
    yield attack("a cookie that the attacker chose before the login", _fixed(grounds.serve(has_users=True)))


def outside(answer: httpx2.Response, variant: str) -> Try:
    """Return a try that held if the response neither grants access nor sets a session cookie."""
    is_sent_away = answer.status_code == httpx2.codes.SEE_OTHER and answer.headers["location"] == "/login"
    is_refused = answer.status_code in {401, 403, 404, 405, 421, 429}
    has_held = (is_sent_away or is_refused) and COOKIE not in answer.headers.get("set-cookie", "")
    return Try(variant, f"{answer.status_code}", has_held)


def _without_a_session(served: Served) -> Iterator[Try]:
    client = served.client()
    for path in (*PAGES, *ANSWERS):
        for method in ("GET", "HEAD", "POST"):
            yield outside(client.request(method, path), f"{method} {path}")


def _token(served: Served) -> str:
    return served.console.link().partition("token=")[2]


def _tokens(served: Served) -> Iterator[Try]:
    good = _token(served)
    near = [
        good[:-1],
        f"{good}x",
        good[1:],
        good.swapcase(),
        good[::-1],
        good * 2,
        f"{good}%00",
        f"%00{good}",
        f"{good}%20",
    ]
    words = ["", "None", "null", "undefined", "true", "0", "*", "%25", "[]", "' OR '1'='1", "%F0%9F%98%80", "a" * 9_000]
    strange = ["".join(chr(0xFEE0 + ord(char)) for char in good), f"{good[:-1]}%{ord(good[-1]) + 1:x}"]
    for number, guess in enumerate([*near, *words, *strange, *(secrets.token_urlsafe(32) for _ in range(32))]):
        if number % GUESSES_BEFORE_A_WAIT == 0:
            served.clock.advance(timedelta(minutes=5))
        yield outside(served.client().get(f"/enter?token={guess}"), guess[:40])


def _elsewhere(served: Served) -> Iterator[Try]:
    good = _token(served)
    served.clock.advance(timedelta(minutes=5))
    for path in (
        f"/enter/{good}",
        f"/?token={good}",
        f"/login?token={good}",
        f"/ENTER?token={good}",
        f"/enter?TOKEN={good}",
    ):
        answer = served.client().get(path)
        has_come_in = COOKIE in answer.headers.get("set-cookie", "")
        yield Try(path, f"{answer.status_code}", not has_come_in)
    for headers in ({"authorization": f"Bearer {good}"}, {"cookie": f"{COOKIE}={good}"}, {"x-token": good}):
        yield outside(served.client().get("/api/events", headers=headers), str(headers))
    answer = served.client().post("/enter", data={"token": good})
    yield outside(answer, "in a form")


def _twice(served: Served) -> Iterator[Try]:
    served.clock.advance(timedelta(minutes=5))
    link = served.console.link()
    first, second = served.client().get(link), served.client().get(link)
    yield Try(
        "second use", f"{first.status_code}, then {second.status_code}", second.status_code == httpx2.codes.FORBIDDEN
    )


def _by_many(served: Served) -> Iterator[Try]:
    served.clock.advance(timedelta(minutes=5))
    link, clients = served.console.link(), [served.client() for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(lambda client: client.get(link).status_code, clients))
    winners = found.count(303)
    for status in found:
        yield Try(f"{AT_ONCE} at once", f"{status}", winners == 1)


def _a_thousand(served: Served) -> Iterator[Try]:
    client = served.client()
    for number in range(1_000):
        answer = client.get(f"/enter?token={secrets.token_urlsafe(32)}")
        is_throttled = number < 8 or answer.status_code == httpx2.codes.TOO_MANY_REQUESTS  # noqa: PLR2004 - the documented limit
        yield Try("random", f"{answer.status_code}", is_throttled and outside(answer, "").has_held)


def _stolen(served: Served, header: str) -> Iterator[Try]:
    for path in ("/", "/api/events", "/export/ndjson", "/event/1"):
        yield outside(served.client().get(path, headers={"cookie": header}), path)


def _after_logout(served: Served) -> Iterator[Try]:
    client = served.inside()
    header = cookie_of(client)
    client.post("/logout", data={"csrf": csrf(client)})
    yield from _stolen(served, header)


def _after_login(served: Served) -> Iterator[Try]:
    client = served.inside()
    header = cookie_of(client)
    client.get(served.console.link())
    yield from _stolen(served, header)


def _after_its_time(served: Served) -> Iterator[Try]:
    header = cookie_of(served.inside())
    served.clock.advance(timedelta(hours=1))
    yield from _stolen(served, header)


def _variations(served: Served) -> Iterator[Try]:
    good = served.inside().cookies[COOKIE]
    values = [
        good[:-1],
        f"{good}x",
        good[1:],
        good.swapcase(),
        good[::-1],
        f"{good}%00",
        f"{good} x",
        f"x{good}",
        "",
        '"',
        "é",
    ]
    values += [f"{good[:place]}~{good[place + 1 :]}" for place in range(0, len(good), 4)]
    headers = [f"{COOKIE}={value}" for value in values]
    headers += [
        f"{COOKIE.upper()}={good}",
        f"__Host-{COOKIE}={good}",
        f"{COOKIE}[]={good}",
        f"{COOKIE}.{good}",
        f"{COOKIE}={good}; {COOKIE}=x",
    ]
    for header in headers:
        sent = [(b"cookie", header.encode())]
        yield outside(served.client().get("/api/events", headers=sent), header[len(COOKIE) :][:30])


def _fixed(served: Served) -> Iterator[Try]:
    for chosen in ("x", secrets.token_urlsafe(32), "a" * 200):
        victim = served.client()
        victim.cookies.set(COOKIE, chosen, domain="127.0.0.1")
        form = {"name": "investigator", "password": PASSWORD}
        issued = victim.post("/login", data=form).headers["set-cookie"]
        is_new = not issued.startswith(f"{COOKIE}={chosen};")
        result = outside(served.client().get("/api/events", headers={"cookie": f"{COOKIE}={chosen}"}), chosen[:20])
        yield Try(result.variant, result.answered, result.has_held and is_new)
