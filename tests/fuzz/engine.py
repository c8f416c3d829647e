"""Run targets under atheris: `python -m tests.fuzz.engine --runs 1000 kql`; `make fuzz` is the long run.

The package is instrumented once; each target then runs in a process forked from this one. The inputs for which a target
raises an error are written to files in the folder of findings, named after the error and its place, and the run goes
on. Findings of libFuzzer itself (crashes, memory, time) are written there, too.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import NAMES, Target, open_target

MAX_INPUT_BYTES: Final = 16_384
_MAX_MEMORY_MB: Final = 2_048
_MAX_SECONDS: Final = 20
_SLOW_CPU_SECONDS: Final = 2.0
_MAX_FINDINGS: Final = 50
_PACKAGE: Final = "anthropic_audit"
_EXECUTIONS = re.compile(r"number_of_executed_units:\s*(\d+)")
_COVERAGE = re.compile(r"cov: (\d+) ft: (\d+)")


@dataclass(frozen=True)
class Limits:
    """The length of a target's run, and the folders of its results."""

    runs: int
    """Number of executions; -1 for no limit but the time."""
    seconds: int
    """0 for no limit."""
    findings: Path
    grown: Path | None
    """The folder for inputs that reach new code, which the next run starts with; None discards them."""
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    """The results of a target's run."""

    target: str
    executions: int
    edges: int
    """The number of edges of the control flow that were reached."""
    features: int
    seconds: float
    exit_code: int
    findings: tuple[Path, ...]

    def __str__(self) -> str:
        speed = self.executions / self.seconds if self.seconds else 0.0
        return (
            f"{self.target:<10} {self.executions:>9,} executions  {speed:>7,.0f}/s  {self.edges:>6,} edges  "
            f"{self.features:>6,} features  {len(self.findings)} findings"
            + (f"  exit {self.exit_code}" if self.exit_code else "")
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the named targets, one after the other; return 1 if there is a finding."""
    asked = _asked(arguments)
    import atheris

    began = time.monotonic()
    with atheris.instrument_imports(include=[_PACKAGE]):
        targets = [open_target(name) for name in asked.targets or NAMES]
    print(f"instrumented in {time.monotonic() - began:.0f} s", flush=True)
    asked.findings.mkdir(parents=True, exist_ok=True)
    each = int(asked.minutes * 60 / len(targets))
    has_failed = False
    for target in targets:
        runs = asked.runs or (-1 if each else target.short_runs)
        limits = Limits(runs, each, asked.findings, asked.grown, asked.seed)
        outcome = run(atheris, target, limits)
        has_failed |= bool(outcome.findings or outcome.exit_code)
        print(outcome, flush=True)
        for finding in outcome.findings:
            print(f"  {finding}", flush=True)
    if has_failed:
        print(f"copy each finding of {asked.findings} into tests/fuzz/corpus/<target>/ with the change that fixes it")
    return int(has_failed)


def _asked(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Fuzz targets under atheris.")
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(NAMES)}; default: all")
    parser.add_argument("--runs", type=int, default=0, help="executions of each target; default: a short run")
    parser.add_argument("--minutes", type=float, default=0.0, help="duration of all targets together")
    parser.add_argument("--findings", type=Path, default=Path(".fuzz/findings"), help="folder for findings")
    parser.add_argument("--grown", type=Path, default=None, help="folder for inputs that reach new code")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(arguments)
    unknown = [name for name in asked.targets if name not in NAMES]
    if unknown:
        parser.error(f"unknown target: {', '.join(unknown)}; choose from {', '.join(NAMES)}")
    return asked


def run(atheris: Any, target: Target, limits: Limits) -> Outcome:
    """Run one target in a forked process."""
    before = set(limits.findings.iterdir())
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "log"
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            _fuzz(atheris, target, limits, Path(scratch))
        _, status = os.waitpid(child, 0)
        seconds = time.monotonic() - began
        output = log.read_text(errors="replace")
    findings = tuple(sorted(set(limits.findings.iterdir()) - before))
    exit_code = os.waitstatus_to_exitcode(status)
    if exit_code and not findings:
        print(output[-4_000:])
    executions = _EXECUTIONS.search(output)
    edges, features = (_COVERAGE.findall(output) or [(0, 0)])[-1]
    return Outcome(
        target.name,
        int(executions[1]) if executions else 0,
        int(edges),
        int(features),
        seconds,
        exit_code,
        findings,
    )


def _fuzz(atheris: Any, target: Target, limits: Limits, scratch: Path) -> None:
    """Fuzz in this process, and end the process."""
    code = 1
    try:
        log = os.open(scratch / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        grown = (limits.grown or scratch / "grown") / target.name
        grown.mkdir(parents=True, exist_ok=True)
        options = {
            "runs": limits.runs,
            "max_total_time": limits.seconds,
            "seed": limits.seed,
            "max_len": MAX_INPUT_BYTES,
            "len_control": 0,
            "timeout": _MAX_SECONDS,
            "rss_limit_mb": _MAX_MEMORY_MB,
            "print_final_stats": 1,
            "artifact_prefix": f"{limits.findings}/{target.name}-",
        }
        flags = [f"-{name}={value}" for name, value in options.items()]
        random = Random(limits.seed)

        def mutate(data: bytes, largest: int, _seed: int) -> bytes:
            return mutated(
                bytes(data), largest, random, tokens=target.tokens, is_json=target.is_json, raw=atheris.Mutate
            )

        atheris.Setup(
            [target.name, *flags, str(grown), str(target.corpus)],
            keeping_findings(target, limits.findings),
            custom_mutator=mutate,
        )
        atheris.Fuzz()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001 - a fork must never return into the code of its parent
        traceback.print_exc()
    finally:
        os._exit(code)


def keeping_findings(target: Target, folder: Path) -> Callable[[bytes], None]:
    """Return a target's check that writes errors to a folder instead of raising them, each error at a place once."""
    seen: set[str] = set()

    def check(data: bytes) -> None:
        began = time.process_time()
        try:
            target.check(data)
        except Exception as error:  # noqa: BLE001 - everything is a finding
            name, text = _name(error), "".join(traceback.format_exception(error))
        else:
            took = time.process_time() - began
            if took < _SLOW_CPU_SECONDS:
                return
            name, text = "slow", f"{took:.1f} s\n"
        if name in seen or len(seen) >= _MAX_FINDINGS:
            return
        seen.add(name)
        file = folder / f"{target.name}-{name}"
        file.write_bytes(data)
        file.with_name(f"{file.name}.txt").write_text(text[-20_000:], errors="backslashreplace")

    return check


def _name(error: BaseException) -> str:
    """Return the name of a finding: the class of its error, and the innermost function of the package or target."""
    places = [
        f"{Path(frame.filename).stem}-{frame.name}".replace("<", "").replace(">", "")
        for frame in traceback.extract_tb(error.__traceback__)
        if _PACKAGE in frame.filename or "fuzz" in Path(frame.filename).parts
    ]
    what = type(error).__name__
    if isinstance(error, AssertionError):
        what += hashlib.sha256(re.sub(r"[^a-z ]", "", str(error))[:40].encode()).hexdigest()[:6]
    return f"{what}-{places[-1] if places else 'nowhere'}"


if __name__ == "__main__":
    sys.exit(main())
