"""Attack a console in many ways, and report which attacks it withstood.

    python bench/attempts.py
    python bench/attempts.py --report docs/reference/console-attempts.md
    python bench/attempts.py --only sql --only loads

A real console is served on loopback, from an archive with attacks in every field: once opened by its link, and once
with a viewer and an investigator. The exit code is 1 if any attack succeeded. Attacks by a browser run in Debian's
`chromium`, or in the browser that CHROMIUM names.
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
    "link": ("Entering without the link", entering.the_link),
    "sessions": ("Sessions", entering.sessions),
    "forms": ("Forms of other sites", forging.forms),
    "sites": ("Other sites, in Chromium", sites.sites),
    "hosts": ("Other hosts (DNS rebinding)", forging.hosts),
    "paths": ("Paths, targets, methods", paths.paths),
    "sql": ("SQL", database.sql),
    "scripts": ("Script in every field, in Chromium", scripts.scripts),
    "smuggling": ("Request smuggling, other protocols", smuggling.smuggling),
    "loads": ("Excessive load", loads.loads),
    "passwords": ("Passwords and user names", people.passwords),
    "viewers": ("Viewers and personal data", people.viewers),
    "exports": ("Exports and headers", writing.exports),
    "journals": ("The access log", writing.journals),
}

Found = Sequence[tuple[str, Sequence[Attack]]]
"""Titles of groups, with the attacks of each."""


class Mistakes(logging.Handler):
    """Collects the errors of the server's log: defects that an attack has found."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Store the last line of an error."""
        self.messages.append(self.format(record).strip().splitlines()[-1])


@contextmanager
def watched() -> Iterator[Mistakes]:
    """Collect the server's errors, and hide its warnings."""
    log, mistakes = logging.getLogger("uvicorn.error"), Mistakes()
    log.addHandler(mistakes)
    log.propagate = False
    try:
        yield mistakes
    finally:
        log.propagate = True
        log.removeHandler(mistakes)


def tried(names: Sequence[str]) -> Found:
    """Run groups of attacks one after the other."""
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
                _print_failures(one)
    mistaken = tuple(Try(text, text, has_held=False) for text in mistakes.messages) or (
        Try("log", "none", has_held=True),
    )
    return [*found, ("After all attacks", [Attack("errors in the console's own log", mistaken)])]


def _print_failures(one: Attack) -> None:
    for some in [some for some in one.tries if not some.has_held][:10]:
        print(f"  NOT HELD {one.tried}: {some.variant!r}: {some.answered}", file=sys.stderr)


def report(found: Found) -> str:
    """Return the results as a Markdown page."""
    attacks = [one for _, some in found for one in some]
    held = sum(one.has_held for one in attacks)
    tries = sum(len(one.tries) for one in attacks)
    verdict = (
        f"**All {len(attacks)} held.**"
        if held == len(attacks)
        else f"**{len(attacks) - held} of {len(attacks)} did not hold.**"
    )
    tables = "\n\n".join(_table(title, some) for title, some in found)
    return f"""# Attempts to break into the console

<!-- Written by `python bench/attempts.py --report docs/reference/console-attempts.md`. -->

A real console was served on loopback, from an archive with attacks in every field.
{len(attacks)} attacks were run in {tries:,} variants. {verdict}
Numbers are HTTP statuses and their counts: `303` redirects to the login, `421` refuses the host.

{tables}
"""


def _table(title: str, attacks: Sequence[Attack]) -> str:
    rows = [
        f"| {one.tried} | {len(one.tries):,} | {one.answered} | {'yes' if one.has_held else '**NO**'} |"
        for one in attacks
    ]
    head = "| attack | variants | response | held |\n|---|---|---|---|"
    return "\n".join([f"## {title}\n", head, *rows])


def main() -> None:
    """Run the attacks of the options, and print or write the report."""
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("--only", action="append", choices=tuple(GROUPS), default=None)
    options.add_argument("--report", type=Path, default=None)
    arguments = options.parse_args()
    found = tried(arguments.only or tuple(GROUPS))
    text = report(found)
    print(text)
    if arguments.report:
        arguments.report.write_text(text, encoding="utf-8")
    sys.exit(0 if all(one.has_held for _, some in found for one in some) else 1)


if __name__ == "__main__":
    main()
