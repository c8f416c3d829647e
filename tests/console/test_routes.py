"""Every route of the application, tried without a session and as a viewer; a new route needs no entry here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from starlette.routing import Route
from tests.console.archives import STRANGER
from tests.console.conftest import Served

from anthropic_audit.console import app

OPEN = {"/enter", "/login"}
"""Routes, beside static files, that need no session."""
VALUES = {
    "seq": "1",
    "kind": "user",
    "value": "alice@acme.example",
    "panel": "actions",
    "part": "seen",
    "format": "csv",
}
"""A value for each parameter of a path."""


def _no_page(_: Any) -> None:
    raise NotImplementedError


ROUTES: list[Route] = app._routes(SimpleNamespace(enter=_no_page, login=_no_page, logout=_no_page))  # type: ignore[arg-type]
CLOSED = [route for route in ROUTES if route.path not in OPEN and not route.path.startswith("/static/")]


def path_of(route: Route) -> str:
    path = route.path
    for name, value in VALUES.items():
        path = path.replace(f"{{{name}}}", value).replace(f"{{{name}:path}}", value)
    return path


def test_every_parameter_of_a_path_has_a_value() -> None:
    assert [route.path for route in ROUTES if "{" in path_of(route)] == []


@pytest.mark.parametrize("route", CLOSED, ids=lambda route: route.path)
def test_a_stranger_gets_nothing(shared_with_users: Served, route: Route) -> None:
    for method in sorted(route.methods or ()):
        response = shared_with_users.client().request(method, path_of(route))

        is_sent_to_login = response.status_code == 303 and response.headers["location"] == "/login"
        assert is_sent_to_login or response.status_code in (401, 403), method
        assert STRANGER not in response.text


@pytest.mark.parametrize("route", [one for one in CLOSED if "GET" in (one.methods or ())], ids=lambda route: route.path)
def test_a_viewer_gets_no_personal_data(viewer: httpx2.Client, route: Route) -> None:
    response = viewer.get(path_of(route))

    assert response.status_code < 500
    assert STRANGER not in response.text
