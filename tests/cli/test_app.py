"""The command line as a whole."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from anthropic_audit import __version__
from anthropic_audit.cli import lazy
from anthropic_audit.cli.commands import COMMANDS, CommandSource, GroupSource
from anthropic_audit.errors import SetupError

ROOT = Path(__file__).parent.parent.parent
Run = Callable[..., Result]


def test_the_version_is_printed(run: Run) -> None:
    result = run("--version")

    assert (result.exit_code, result.stdout) == (0, f"anthropic-audit {__version__}\n")


GROUPS = {name: one for name, one in COMMANDS.items() if isinstance(one, GroupSource)}
SOURCES: dict[tuple[str, ...], CommandSource] = {
    (name,): one for name, one in COMMANDS.items() if isinstance(one, CommandSource)
}
SOURCES |= {(name, inner): one for name, group in GROUPS.items() for inner, one in group.commands.items()}


def test_the_help_lists_every_command_and_the_exit_codes(run: Run) -> None:
    shown = run("--help").stdout

    assert [name for name in COMMANDS if f" {name} " not in shown] == []
    assert "Exit codes: 0 done, 1 failed, 2 wrong use or settings, 3 incomplete" in " ".join(shown.split())


def test_summaries_fit_on_a_line_of_80_columns() -> None:
    limit = 80 - 6 - max(len(name) for name in COMMANDS) - len("...")

    summaries = [*(one.summary for one in SOURCES.values()), *(one.summary for one in GROUPS.values())]

    assert [summary for summary in summaries if len(summary) > limit] == []


@pytest.mark.parametrize("group", GROUPS)
def test_the_help_of_a_group_lists_its_commands_with_their_summaries(run: Run, group: str) -> None:
    shown = " ".join(run(group, "--help").stdout.split())

    assert [one.summary for one in GROUPS[group].commands.values() if one.summary not in shown] == []


@pytest.mark.parametrize("command", SOURCES, ids=" ".join)
def test_the_help_of_a_command_begins_with_its_summary(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command, "--help")

    usage, _, about = result.stdout.partition("\n\n")
    assert result.exit_code == 0
    assert " ".join(command) in usage
    assert " ".join(about.split()).startswith(SOURCES[command].summary)


def test_no_command_shows_the_help_and_is_wrong_use(run: Run) -> None:
    result = run()

    assert result.exit_code == 2
    assert "collect" in result.stdout + result.stderr


@pytest.mark.parametrize("args", [["nonsense"], ["search", "--nonsense"], ["--nonsense"]], ids=" ".join)
def test_wrong_use_exits_2(run: Run, args: list[str]) -> None:
    result = run(*args)

    assert result.exit_code == 2
    assert "onsense" in result.stderr


def test_a_reader_that_goes_away_ends_it_quietly() -> None:
    line = b'{"id":"activity_1","type":"x","created_at":"2026-11-23T09:00:00Z","actor":{"type":"api_actor"}}\n'
    command = [sys.executable, "-c", "from anthropic_audit.cli import main; main()", "normalize"]

    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        process.stdout = None
        _, errors = process.communicate(line * 20_000)

    assert process.returncode == 141
    assert errors == b""


@pytest.mark.parametrize(
    ("args", "extra"), [(["console"], "console"), (["report"], "report"), (["run", "--console"], "console")], ids=str
)
def test_a_missing_extra_is_said_with_how_to_install_it(
    run: Run, monkeypatch: pytest.MonkeyPatch, args: list[str], extra: str
) -> None:
    monkeypatch.setattr(lazy, "find_spec", lambda name: None if name == "jinja2" else object())
    lazy.load.cache_clear()

    result = run(*args)

    error = result.exception if isinstance(result.exception, SetupError) else None
    said = f"{error} {error.hint}" if error else result.stderr
    assert "needs libraries that are not installed: jinja2" in said
    assert f"pip install 'anthropic-audit[{extra}]'" in said


def test_each_extra_is_one_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    used = {source.extra for source in SOURCES.values() if source.extra}

    assert used <= set(lazy.EXTRAS) <= set(declared)


def test_the_package_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "anthropic_audit", "search", "--help"],
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Usage: anthropic-audit search ")


def test_examples_are_printed_as_they_are_typed(run: Run) -> None:
    settings, search = run("settings", "--help").stdout, run("search", "--help").stdout

    assert "  [[feeds]]\n  name = " in settings
    assert "not (user.email : *@acme.example or source.ip : 10.0.0.0/8)'\n" in search


@pytest.mark.parametrize(
    ("words", "completions"),
    [("sea", ["search"]), ("search --old", ["--oldest-first"]), ("sinks re", ["rejected", "retry", "replay"])],
)
def test_the_shell_completes_commands_and_options(words: str, completions: list[str]) -> None:
    typed = {"COMP_WORDS": f"anthropic-audit {words}", "COMP_CWORD": str(len(words.split()))}
    code = "from anthropic_audit.cli import main; main()"

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **typed, "_ANTHROPIC_AUDIT_COMPLETE": "complete_bash"},
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )

    assert done.stdout.split() == completions
