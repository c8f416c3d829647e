"""Failures become lines on stderr and an exit code."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import pytest
import typer

from anthropic_audit.cli.error_boundary import guarded
from anthropic_audit.errors import (
    ArchiveBusyError,
    ArchiveError,
    AuditError,
    FeedBusyError,
    FeedContractError,
    FeedDeniedError,
    FeedRefusedError,
    FeedStalledError,
    FeedUnreachableError,
    InterruptedRunError,
    SetupError,
    SinkBusyError,
)

KEY = "sk-ant-api01-TEST0000000000"


def failing(error: BaseException) -> Callable[[], None]:
    def command() -> None:
        raise error

    return guarded(command)


def exit_code(error: BaseException) -> int:
    with pytest.raises(typer.Exit) as caught:
        failing(error)()
    return caught.value.exit_code


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (SetupError("x"), 2),
        (FeedDeniedError("x"), 1),
        (FeedRefusedError("x"), 1),
        (FeedContractError("x"), 1),
        (FeedStalledError("x"), 1),
        (FeedBusyError("x"), 1),
        (FeedUnreachableError("x"), 1),
        (ArchiveError("x"), 1),
        (ArchiveBusyError("x"), 1),
        (AuditError("x"), 1),
        (SinkBusyError("x"), 3),
        (InterruptedRunError("x"), 3),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 141),
        (KeyError("x"), 1),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_each_failure_has_its_exit_code(error: BaseException, code: int, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w") as out, redirect_stdout(out):  # a closed one is replaced: not pytest's own
        assert exit_code(error) == code


def test_an_error_is_a_line_and_its_hint_another(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(SetupError("this is [wrong]", hint="do that"))

    assert capsys.readouterr().err == "error: this is [wrong]\nhint: do that\n"


def test_nothing_secret_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(SetupError(f"wrong key {KEY}", hint=f"not {KEY}"))
    exit_code(ValueError(KEY))

    assert KEY not in capsys.readouterr().err


def test_an_unexpected_failure_is_one_short_line(capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(ZeroDivisionError("by zero"))

    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "error: unexpected error: ZeroDivisionError: by zero"
    assert "ANTHROPIC_AUDIT_DEBUG=1" in lines[1]
    assert len(lines) == 2


def test_no_room_for_the_output_is_no_mistake_of_ours(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(OSError(errno.ENOSPC, "No space left on device")) == 1

    assert capsys.readouterr().err.splitlines() == [
        "error: the output can't be written: No space left on device",
        "hint: free space on the disk of the output; standard output may be a file",
    ]


def test_debugging_shows_where_it_happened_and_no_key(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_AUDIT_DEBUG", "1")

    exit_code(ValueError(KEY))

    told = capsys.readouterr().err
    assert "Traceback" in told
    assert KEY not in told


@pytest.mark.parametrize("error", [KeyboardInterrupt(), BrokenPipeError()], ids=["Ctrl-C", "closed pipe"])
def test_an_end_from_outside_is_quiet(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    exit_code(error)

    assert capsys.readouterr() == ("", "")


def test_wrong_use_is_left_to_the_command_line() -> None:
    with pytest.raises(typer.BadParameter):
        failing(typer.BadParameter("x"))()


def test_a_command_that_succeeds_returns() -> None:
    assert guarded(lambda: "done")() == "done"
