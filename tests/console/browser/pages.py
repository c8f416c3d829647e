"""Paths of all pages of the console, by content."""

from __future__ import annotations

PAGES = {
    "overview": "/",
    "explore": "/explore?columns=user.email,event.category",
    "event": "/event/1796",
    "user": "/entity/user/linh.fischer%40acme.example",
    "address": "/entity/address/192.0.2.99",
    "feeds": "/feeds",
    "failure": "/nothing",
    "login": "/login",
}
