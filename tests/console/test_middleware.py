"""The access middleware: access is refused without a session, invalid requests are refused, and all are logged."""

from __future__ import annotations

import os
import socket
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from tests.console.conftest import HEADERS, PASSWORD, Serve, Served, csrf

from anthropic_audit.console import AccessLog
from anthropic_audit.console.auth.headers import HEADERS as HARDENING
from anthropic_audit.errors import SetupError

COOKIE = "anthropic_audit_session"
PAGES = ["/", "/explore", "/feeds", "/event/1", "/entity/user/alice", "/export/csv", "/nothing"]
ANSWERS = ["/api/overview/numbers", "/api/events", "/api/fields", "/api/searches", "/api/nothing"]


def token(served: Served) -> str:
    return served.console.link().partition("token=")[2]


def raw(served: Served, request: bytes) -> bytes:
    """Send bytes as they are, and return the answer until the other side closes."""
    host, _, port = served.host.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        received = b""
        while some := connection.recv(65_536):
            received += some
    return received


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("path", PAGES)
def test_a_page_sends_strangers_to_the_login(shared: Served, path: str) -> None:
    answer = shared.client().get(path)

    assert (answer.status_code, answer.headers["location"], answer.content) == (303, "/login", b"")


@pytest.mark.parametrize("path", ANSWERS)
def test_an_answer_tells_strangers_that_they_are_not_in(shared: Served, path: str) -> None:
    answer = shared.client().get(path)

    assert (answer.status_code, answer.json()["error"]) == (401, "not logged in")


def test_a_link_works_once_and_the_next_one_is_told(served: Served) -> None:
    link = served.console.link()

    first, second = served.client().get(link), served.client().get(link)

    assert (first.status_code, first.headers["location"], second.status_code) == (303, "/", 403)
    assert served.links == [served.console.link()]
    assert served.links != [link]
    assert served.client().get(served.links[0]).status_code == 303


def test_of_many_who_use_a_link_at_once_one_gets_in(served: Served) -> None:
    link, clients = served.console.link(), [served.client() for _ in range(8)]

    with ThreadPoolExecutor(8) as threads:
        found = sorted(threads.map(lambda client: client.get(link).status_code, clients))

    assert found == [303, *[403] * 7]


@pytest.mark.parametrize("odd", ["", "x", "%00", "%F0%9F%98%80", "é", "a" * 5000])
def test_no_other_token_opens(served: Served, odd: str) -> None:
    assert served.client().get(f"/enter?token={odd}").status_code == 403


def test_guessing_tokens_ends_after_some_tries_and_starts_again_later(served: Served) -> None:
    client = served.client()

    tries = [client.get(f"/enter?token={number}").status_code for number in range(10)]

    assert tries == [403] * 8 + [429] * 2
    assert client.get(served.console.link()).status_code == 429
    served.clock.advance(timedelta(minutes=5))
    assert client.get(served.console.link()).status_code == 303


def test_a_new_login_ends_the_session_before_it(served: Served) -> None:
    client = served.inside()
    old = client.cookies[COOKIE]

    client.get(served.console.link())

    assert client.cookies[COOKIE] != old
    assert served.client().get("/", headers={"cookie": f"{COOKIE}={old}"}).status_code == 303


def test_a_stolen_cookie_opens_nothing_after_the_logout(served: Served) -> None:
    client = served.inside()
    stolen = {"cookie": f"{COOKIE}={client.cookies[COOKIE]}"}
    before = served.client().get("/", headers=stolen).status_code

    answer = client.post("/logout", data={"csrf": csrf(client)})

    assert (before, answer.status_code, answer.headers["location"]) == (200, 303, "/login")
    assert served.client().get("/", headers=stolen).status_code == 303
    assert served.client().get("/api/events", headers=stolen).status_code == 401


def test_a_session_ends_after_its_time(serve: Serve) -> None:
    served = serve(session="1h")
    client = served.inside()

    served.clock.advance(timedelta(minutes=59, seconds=59))
    still = client.get("/api/events").status_code
    served.clock.advance(timedelta(seconds=1))

    assert (still, client.get("/api/events").status_code) == (200, 401)


@pytest.mark.parametrize("cookie", ["", "x", "%00", "é", "a" * 3000, "a; anthropic_audit_session=b", '"'])
def test_no_other_cookie_opens(shared: Served, cookie: str) -> None:
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())]

    assert shared.client().get("/api/events", headers=headers).status_code == 401


@pytest.mark.parametrize("path", ["/logout", "/api/searches"])
@pytest.mark.parametrize("sent", ["", "wrong", "é"])
def test_a_form_without_the_sessions_token_changes_nothing(served: Served, path: str, sent: str) -> None:
    client = served.inside()

    answer = client.post(path, data={"csrf": sent, "name": "mine", "query": "q=x"})

    assert answer.status_code == 400
    assert client.get("/api/searches").json() == []


def test_another_sessions_token_is_none_of_ours(served_with_users: Served) -> None:
    mine, others = served_with_users.inside("investigator"), csrf(served_with_users.inside("viewer"))

    assert mine.post("/logout", data={"csrf": others}).status_code == 400
    assert mine.post("/api/searches", data={"name": "n"}, headers={"x-csrf-token": others}).status_code == 400


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": ""},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "HOST.evil.example"},
        {"origin": "http://HOST@evil.example"},
        {"origin": "http://evil.example/http://HOST"},
        {"origin": "http://["},
        {"sec-fetch-site": "cross-site", "origin": "http://HOST"},
        {},
    ],
)
@pytest.mark.parametrize("path", ["/login", "/logout", "/api/searches"])
def test_a_form_of_another_site_is_refused(served: Served, path: str, headers: dict[str, str]) -> None:
    client = served.inside()
    sent = {"csrf": csrf(client), "name": "n", "query": "q=x"}
    del client.headers["sec-fetch-site"]

    answer = client.post(path, data=sent, headers={k: v.replace("HOST", served.host) for k, v in headers.items()})

    assert (answer.status_code, answer.text) == (403, "this form was sent by another site\n")
    assert client.get("/api/searches").json() == []


def test_a_form_with_our_own_origin_is_taken_from_browsers_that_say_no_more(served: Served) -> None:
    client = served.inside()
    sent = csrf(client)
    del client.headers["sec-fetch-site"]

    assert client.post("/logout", data={"csrf": sent}, headers={"origin": served.url}).status_code == 303


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "", "HOST.evil.example", "HOST@evil.example", "[", "a/static/"]
)
@pytest.mark.parametrize("path", ["/", "/login", "/static/page.js", "/api/events"])
def test_a_foreign_host_is_told_nothing(served: Served, host: str, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: {host.replace('HOST', served.host)}\r\nConnection: close\r\n\r\n"

    answer = raw(served, request.encode())

    assert status(answer) == 421
    assert b"unknown host" in answer
    quiet = path.startswith("/static/")
    assert [line["status"] for line in served.noted()] == ([] if quiet else [421])


def test_localhost_is_a_name_for_here(shared: Served) -> None:
    port = shared.host.rpartition(":")[2]

    assert shared.client().get("/login", headers={"host": f"localhost:{port}"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../etc/passwd",
        "/static/../app.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e%2fapp.py",
        "/static/..%5capp.py",
        "/static//page.js",
        "/static/",
        "/static",
        "/static/page.js%00.css",
        "/static/page.js/",
        "/static/%00",
        "//static/page.js",
        "//evil.example/explore/",
        "/templates/base.html",
        "/event/1%00",
        "/event/-1",
        "/event/1e3",
        "/event/٣",
        "/event/" + "9" * 40,
        "/event/" + "9" * 5000,
        "/entity/nobody/x",
        "/entity/user",
        "/api/overview/__class__",
        "/api/entity/nothing/user/x",
        "/api/entity/values-user.id/user/x",
        "/export/exe",
        "/export/../api/events",
        "/%2f/explore",
        "/explore%2f",
        "/explore/",
        "/login%2f..%2fexplore",
        "/logins",
        "/enterprise",
    ],
)
def test_tricks_with_paths_find_nothing(shared: Served, inside: httpx2.Client, path: str) -> None:
    cookie = f"{COOKIE}={inside.cookies[COOKIE]}"
    request = f"GET {path} HTTP/1.1\r\nHost: {shared.host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"

    answer = raw(shared, request.encode())

    assert status(answer) in {400, 404} if not path.isascii() else status(answer) == 404
    assert b"root:" not in answer


@pytest.mark.parametrize("target", ["explore", "http://HOST/explore", "http://evil.example/explore", "*", "?x", "#"])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_odd_targets_of_strangers_find_nothing(shared: Served, method: str, target: str) -> None:
    target = target.replace("HOST", shared.host)
    answer = raw(shared, f"{method} {target} HTTP/1.1\r\nHost: {shared.host}\r\nConnection: close\r\n\r\n".encode())

    assert status(answer) in {303, 400, 404, 405}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"])
@pytest.mark.parametrize("path", ["/", "/login", "/static/page.js"])
def test_odd_methods_do_nothing(shared: Served, inside: httpx2.Client, method: str, path: str) -> None:
    cookie = f"{COOKIE}={inside.cookies[COOKIE]}"
    request = f"{method} {path} HTTP/1.1\r\nHost: {shared.host}\r\nCookie: {cookie}\r\nConnection: close\r\n\r\n"

    assert status(raw(shared, request.encode())) == 405


@pytest.mark.parametrize("path", ["/", "/explore", "/api/events", "/event/1", "/static/page.js"])
def test_a_page_takes_no_form(shared: Served, inside: httpx2.Client, path: str) -> None:
    assert inside.post(path, headers=HEADERS).status_code == 405


def test_an_address_that_nobody_would_write_is_refused(inside: httpx2.Client) -> None:
    assert inside.get("/explore?q=" + "a" * 16_384).status_code == 414
    assert inside.get("/explore?q=" + "a" * 40_000).status_code in {400, 414, 431}


@pytest.mark.parametrize("length", ["-1", "1e3", "65537", "9" * 9, "9" * 30, "0x10", "٣", "1, 2", ""])
def test_a_content_length_that_none_of_our_forms_has_is_refused(shared: Served, length: str) -> None:
    request = f"POST /login HTTP/1.1\r\nHost: {shared.host}\r\nSec-Fetch-Site: same-origin\r\nConnection: close\r\n"

    answer = raw(shared, f"{request}Content-Length: {length}\r\n\r\n".encode())

    assert status(answer) in {400, 413}


def test_a_body_without_a_length_is_refused_when_it_grows_too_large(served: Served) -> None:
    client = served.client()

    answer = client.post("/login", content=iter([b"name=x&" + b"a" * 40_000, b"b" * 40_000]))

    assert answer.status_code == 413
    assert "the request is too large" in answer.text
    assert [line["status"] for line in served.noted()] == [413]


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"&&&==", b"name", b"a=1&" * 100, b"name=%ff&password=%00"])
def test_whatever_a_form_says_the_answer_is_no(shared_with_users: Served, body: bytes) -> None:
    answer = shared_with_users.client().post("/login", content=body)

    assert answer.status_code in {400, 403, 429}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", 303),
        ("/login", 200),
        ("/enter", 403),
        ("/static/page.js", 200),
        ("/static/none.js", 404),
        ("/api/events", 401),
        ("/logins", 404),
    ],
)
def test_every_answer_to_strangers_is_hardened(served: Served, path: str, expected: int) -> None:
    answer = served.client().get(path)

    assert answer.status_code == expected
    assert_hardened(answer)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", 200),
        ("/api/events", 200),
        ("/api/events?q=%22", 400),
        ("/api/nothing", 404),
        ("/nothing", 404),
        ("/explore/", 404),
        ("/export/csv", 200),
        ("/static/vega.js", 200),
        ("/event/1", 200),
    ],
)
def test_every_answer_to_those_who_are_in_is_hardened(inside: httpx2.Client, path: str, expected: int) -> None:
    answer = inside.get(path)

    assert answer.status_code == expected
    assert_hardened(answer)


def assert_hardened(answer: httpx2.Response) -> None:
    said = {name: answer.headers.get(name) for name in HARDENING}
    assert said == HARDENING
    assert "server" not in answer.headers
    assert answer.headers["cache-control"] == ("no-cache" if "etag" in answer.headers else "no-store")
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert "strict-transport-security" not in answer.headers


def test_a_file_that_a_browser_has_is_not_sent_again(shared: Served) -> None:
    client = shared.client()
    first = client.get("/static/page.js")

    again = client.get("/static/page.js", headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
    assert_hardened(again)


@pytest.mark.parametrize("name", ["viewer", "investigator"])
def test_a_user_logs_in_by_name_and_password(served_with_users: Served, name: str) -> None:
    client = served_with_users.inside(name)

    assert f'data-role="{name}"' in client.get("/").text


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("viewer", ""),
        ("viewer", PASSWORD[:-1]),
        ("viewer", f"{PASSWORD} "),
        ("Viewer", PASSWORD),
        ("nobody", PASSWORD),
        ("nobody", "no user has this password"),
        ("", ""),
        ("local", PASSWORD),
        ("viewer", "x" * 10_000),
    ],
)
def test_a_wrong_name_or_password_is_told_alike(served_with_users: Served, name: str, password: str) -> None:
    client = served_with_users.client()

    answer = client.post("/login", data={"name": name, "password": password})

    assert answer.status_code == 403
    assert "wrong name or password" in answer.text
    assert COOKIE not in client.cookies


def test_with_users_no_link_opens(served_with_users: Served) -> None:
    assert served_with_users.console.link() == served_with_users.url
    assert served_with_users.client().get("/enter?token=").status_code == 403
    assert served_with_users.client().get("/enter?token=None").status_code == 403


def test_guessing_a_password_ends_after_some_tries(served_with_users: Served) -> None:
    client = served_with_users.client()

    tries = [client.post("/login", data={"name": "viewer", "password": f"{n}"}).status_code for n in range(9)]

    assert tries == [*[403] * 8, 429]
    assert client.post("/login", data={"name": "viewer", "password": PASSWORD}).status_code == 429


def test_guessing_many_passwords_at_once_is_no_way_around(served_with_users: Served) -> None:
    clients = [served_with_users.client() for _ in range(24)]

    def guess(client: httpx2.Client) -> int:
        return client.post("/login", data={"name": "viewer", "password": "wrong"}).status_code

    with ThreadPoolExecutor(24) as threads:
        tries = list(threads.map(guess, clients))

    assert (tries.count(403), tries.count(429)) == (8, 16)


def test_strangers_elsewhere_can_not_make_somebody_wait_where_they_logged_in_before(served_with_users: Served) -> None:
    right, wrong = ({"name": "viewer", "password": text} for text in (PASSWORD, "wrong"))
    at_home, elsewhere = served_with_users.client(), served_with_users.client("127.0.0.2")
    at_home.post("/login", data=right)

    tries = [elsewhere.post("/login", data=wrong).status_code for _ in range(9)]

    assert tries == [*[403] * 8, 429]
    assert served_with_users.client("127.0.0.3").post("/login", data=right).status_code == 429
    assert at_home.post("/login", data=right).status_code == 303
    assert [at_home.post("/login", data=wrong).status_code for _ in range(9)] == [*[403] * 8, 429]


def test_a_login_that_succeeds_forgets_the_failures_before_it(served_with_users: Served) -> None:
    client = served_with_users.client()

    for _ in range(3):
        wrong = [client.post("/login", data={"name": "viewer", "password": "no"}).status_code for _ in range(5)]
        right = client.post("/login", data={"name": "viewer", "password": PASSWORD}).status_code

        assert (wrong, right) == ([403] * 5, 303)


@pytest.mark.parametrize(("public_url", "is_secure"), [("", False), ("https://audit.acme.example", True)])
def test_the_cookie_is_for_this_site_and_no_script(serve: Serve, public_url: str, is_secure: bool) -> None:
    served = serve(public_url=public_url)
    host = "audit.acme.example" if is_secure else served.host
    client = served.client()

    answer = client.get(f"/enter?token={token(served)}", headers={"host": host})

    _, *flags = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(flags)
    assert ("Secure" in flags) == is_secure
    assert ("strict-transport-security" in answer.headers) == is_secure
    assert served.console.link().startswith(public_url or "http://127.0.0.1:")


def test_every_request_is_written_down_with_who_asked_for_what(served_with_users: Served) -> None:
    client = served_with_users.inside("viewer")
    client.get("/explore?q=event.action%20%3A%20x&from=now-1h")
    client.get("/entity/agent/%23a%3Fb?from=now-2h")
    client.get("/api/events?q=user.email%3Ax")
    client.get("/nothing")
    served_with_users.client().get("/feeds")

    told = [(one["user"], one["role"], one["path"], one["query"], one["status"]) for one in served_with_users.noted()]

    assert told == [
        (None, None, "/login", "", 303),
        ("viewer", "viewer", "/explore", "q=event.action%20%3A%20x&from=now-1h", 200),
        ("viewer", "viewer", "/entity/agent/#a?b", "from=now-2h", 200),
        ("viewer", "viewer", "/api/events", "q=user.email%3Ax", 400),
        ("viewer", "viewer", "/nothing", "", 404),
        (None, None, "/feeds", "", 303),
    ]
    assert {one["at"] for one in served_with_users.noted()} == {"2026-11-18T16:00:00Z"}


@pytest.mark.parametrize("path", ["/enter", "/enter/", "//enter", "/%65nter", "/enter/x", "/ENTER", "/enter%3f"])
def test_no_token_is_ever_written_down(served: Served, path: str) -> None:
    client, secret = served.client(), token(served)

    client.get(f"{path}?token={secret}")

    assert secret not in served.log.read_text()
    assert served.noted()


def test_no_password_or_session_is_ever_written_down(served_with_users: Served) -> None:
    client = served_with_users.inside("viewer")
    client.get(f"/login?name=viewer&password={PASSWORD}")
    client.get("/explore")

    written = served_with_users.log.read_text()
    assert PASSWORD not in written
    assert PASSWORD.replace(" ", "%20") not in written
    assert PASSWORD.replace(" ", "+") not in written
    assert client.cookies[COOKIE] not in written
    assert csrf(client) not in served_with_users.log.read_text()


def test_a_line_of_the_access_log_can_not_be_forged(served: Served) -> None:
    client = served.inside()

    client.get('/x%0A{"user":"mallory"}%0D%E2%80%A8?a=%0A')

    assert [one["user"] for one in served.noted()] == [None, "local"]


def test_the_access_log_is_for_its_owner_only(served: Served) -> None:
    served.client().get("/")

    assert stat.S_IMODE(served.log.stat().st_mode) == 0o600


def test_the_access_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    for number in range(2):
        with AccessLog(tmp_path / "new" / "log") as journal:
            journal.note({"number": number})

    assert (tmp_path / "new" / "log").read_text() == '{"number":0}\n{"number":1}\n'


@pytest.mark.parametrize("place", ["file/log", "."])
def test_without_an_access_log_nothing_is_served(serve: Serve, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(SetupError, match="access log can't be written") as caught:
        serve(access_log=str(tmp_path / place))

    assert "console.access_log" in str(caught.value.hint)


@pytest.mark.parametrize("path", ["/", "/api/events", "/export/ndjson", "/event/1", "/login", "/nothing"])
def test_what_can_not_be_written_down_is_not_shown(serve: Serve, path: str) -> None:
    served = serve(access_log="/dev/full")
    client = served.client()

    answer = client.get(path)

    assert answer.status_code == 503
    assert answer.text == "the access log can't be written: no page is served until it can\n"
    assert_hardened(answer)


def test_when_the_access_log_is_full_nobody_gets_further(served: Served) -> None:
    client = served.inside()
    descriptor = next(int(one.name) for one in Path("/proc/self/fd").iterdir() if is_same(one, served.log))
    kept, full = os.dup(descriptor), os.open("/dev/full", os.O_WRONLY)
    try:
        os.dup2(full, descriptor)
        found = [client.get(path).status_code for path in ("/", "/api/events", "/export/csv", "/event/1")]
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(full)

    assert found == [503] * 4
    assert client.get("/").status_code == 200


def is_same(link: Path, file: Path) -> bool:
    try:
        return link.readlink() == file
    except OSError:
        return False


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "audit.acme.example"])  # noqa: S104 - refused
def test_without_users_others_than_this_machine_are_not_served(serve: Serve, host: str) -> None:
    with pytest.raises(SetupError, match="on this machine only") as caught:
        serve(host=host)

    assert "console.users" in str(caught.value.hint)


def test_a_port_that_is_taken_is_told(serve: Serve, served: Served) -> None:
    with pytest.raises(SetupError, match="port can't be used"):
        serve(port=int(served.host.rpartition(":")[2]))


def test_a_certificate_that_is_none_is_told(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "pem").write_text("no certificate")

    with pytest.raises(SetupError, match="certificate can't be used"):
        serve(certificate_file=str(tmp_path / "pem"), key_file=str(tmp_path / "pem"))
