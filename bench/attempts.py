"""Try to get into a console, in every way that we can think of; tell what was tried, and what held.

    python bench/attempts.py
    python bench/attempts.py --report docs/reference/console-attempts.md
    python bench/attempts.py --only sql --only loads

A real console is served on loopback from an archive whose every field is an attack: once opened by its link, once with
a viewer and an investigator. The exit code is 1 if anything got in. What a browser would do is tried in Debian's
`chromium`, or another one that CHROMIUM names.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from bench.attacks import database, entering, forging, loads, paths, people, scripts, sites, smuggling, writing
from bench.attacks.target import Attack, Grounds, Try

Group = Callable[[Grounds], Iterator[Attack]]

GROUPS: Mapping[str, tuple[str, Group]] = {
    "link": ("Coming in", entering.the_link),
    "sessions": ("Sessions", entering.sessions),
    "forms": ("Forms of other sites", forging.forms),
    "sites": ("Other sites, in Chromium", sites.sites),
    "hosts": ("Other hosts (DNS rebinding)", forging.hosts),
    "paths": ("Paths, targets, methods", paths.paths),
    "sql": ("SQL", database.sql),
    "scripts": ("Script in every field, in Chromium", scripts.scripts),
    "smuggling": ("Requests in requests, other protocols", smuggling.smuggling),
    "loads": ("Too much", loads.loads),
    "passwords": ("Passwords and names", people.passwords),
    "viewers": ("A viewer and personal data", people.viewers),
    "exports": ("Exports and headers", writing.exports),
    "journals": ("The access log", writing.journals),
}

Found = Sequence[tuple[str, Sequence[Attack]]]
"""Titles of groups, and what was tried in each."""


class Mistakes(logging.Handler):
    """Keeps what the server's own log calls an error: a mistake of ours that an attack has found."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.told: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep an error."""
        self.told.append(self.format(record).strip().splitlines()[-1])


@contextmanager
def watched() -> Iterator[Mistakes]:
    """Keep the server's errors, and show none of its warnings."""
    log, mistakes = logging.getLogger("uvicorn.error"), Mistakes()
    log.addHandler(mistakes)
    log.propagate = False
    try:
        yield mistakes
    finally:
        log.propagate = True
        log.removeHandler(mistakes)


def tried(names: Sequence[str]) -> Found:
    """Try groups one after the other."""
    found: list[tuple[str, Sequence[Attack]]] = []
    with watched() as mistakes, tempfile.TemporaryDirectory() as folder, Grounds(Path(folder)) as grounds:
        for name in names:
            title, group = GROUPS[name]
            began = time.monotonic()
            attacks = list(group(grounds))
            found.append((title, attacks))
            print(
                f"{title}: {sum(len(one.tries) for one in attacks):,} in {time.monotonic() - began:.1f} s",
                file=sys.stderr,
            )
            for one in attacks:
                _tell_failures(one)
    mistaken = tuple(Try(text, text, has_held=False) for text in mistakes.told) or (Try("log", "none", has_held=True),)
    return [*found, ("Afterwards", [Attack("errors in the log of the console itself", mistaken)])]


def _tell_failures(one: Attack) -> None:
    for some in [some for some in one.tries if not some.has_held][:10]:
        print(f"  NOT HELD {one.tried}: {some.variant!r}: {some.answered}", file=sys.stderr)


def report(found: Found) -> str:
    """Write what happened as a page."""
    attacks = [one for _, some in found for one in some]
    held = sum(one.has_held for one in attacks)
    tries = sum(len(one.tries) for one in attacks)
    verdict = (
        f"**All {len(attacks)} held.**"
        if held == len(attacks)
        else f"**{len(attacks) - held} of {len(attacks)} did not hold.**"
    )
    tables = "\n\n".join(_table(title, some) for title, some in found)
    return f"""# Attempts to get into the console

<!-- Written by `python bench/attempts.py --report docs/reference/console-attempts.md`. -->

A real console was served on loopback, from an archive whose every field is an attack.
It was attacked in {len(attacks)} ways and {tries:,} variants. {verdict}
Numbers are HTTP statuses, with how often: `303` sends to the login, `421` refuses the host.

{tables}
"""


def _table(title: str, attacks: Sequence[Attack]) -> str:
    rows = [
        f"| {one.tried} | {len(one.tries):,} | {one.answered} | {'yes' if one.has_held else '**NO**'} |"
        for one in attacks
    ]
    head = "| tried | variants | what happened | held |\n|---|---|---|---|"
    return "\n".join([f"## {title}\n", head, *rows])


def main() -> None:
    """Read options, try, tell."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--only", action="append", choices=tuple(GROUPS), default=None)
    options.add_argument("--report", type=Path, default=None)
    asked = options.parse_args()
    found = tried(asked.only or tuple(GROUPS))
    text = report(found)
    print(text)
    if asked.report:
        asked.report.write_text(text, encoding="utf-8")
    sys.exit(0 if all(one.has_held for _, some in found for one in some) else 1)


if __name__ == "__main__":
    main()
