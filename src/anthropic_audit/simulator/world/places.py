"""Places of work: offices with a time zone and networks, and the user agents of devices and programs.

Offices and homes use public address ranges of large access networks in the office's country, so that a location
database finds the country. They refer to no real user, and nothing is ever sent to them. The attackers of the
storylines use such ranges, too. Everything else uses the ranges reserved for documentation (RFC 5737).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Workplace:
    """An office, its offset from UTC in hours, and the first three octets of its networks' addresses."""

    name: str
    offset_hours: int
    office: str
    homes: tuple[str, ...]
    share: float
    """The share of the people who work at this office."""


PLACES = (
    Workplace("New York", -5, "68.173.20", ("72.229.28", "98.113.40", "108.29.77"), 0.30),
    Workplace("San Francisco", -8, "67.164.90", ("73.162.11", "98.207.64", "76.102.33"), 0.18),
    Workplace("Dublin", 0, "86.43.112", ("89.101.55", "37.228.200"), 0.12),
    Workplace("Berlin", 1, "84.190.30", ("87.123.200", "91.64.18", "79.192.45"), 0.18),
    Workplace("Bengaluru", 5, "49.207.60", ("106.51.70", "122.171.15"), 0.12),
    Workplace("Tokyo", 9, "126.72.100", ("118.238.10", "60.104.33"), 0.10),
)
VPN = "203.0.113"
SERVERS = "192.0.2"
ATTACKERS = ("185.220.101", "45.155.205", "5.188.62")

_CHROMIUM = "AppleWebKit/537.36 (KHTML, like Gecko)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"

BROWSERS = (
    f"{_WINDOWS}) {_CHROMIUM} Chrome/142.0.0.0 Safari/537.36",
    f"{_MAC} {_CHROMIUM} Chrome/142.0.0.0 Safari/537.36",
    f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
    f"{_WINDOWS}; rv:144.0) Gecko/20100101 Firefox/144.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
)
DESKTOP = f"{_WINDOWS}) {_CHROMIUM} Claude/1.0.211 Chrome/138.0.0.0 Electron/37.3.1 Safari/537.36"
PHONES = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 "
    "Claude/1.251",
    f"Mozilla/5.0 (Linux; Android 16; Pixel 10) {_CHROMIUM} Chrome/142.0.0.0 Mobile Safari/537.36",
)
TERMINAL = "claude-cli/2.0.44 (external, cli)"
PROGRAMS = ("anthropic-sdk-python/0.75.0", "anthropic-sdk-typescript/0.70.1", "python-httpx/0.28.1", "curl/8.15.0")
ATTACKER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/119.0.0.0 Safari/537.36",
    "python-requests/2.31.0",
    "Mozilla/5.0 (Windows NT 6.1; Win64; x64; rv:109.0) Gecko/20100101 Firefox/115.0",
)
