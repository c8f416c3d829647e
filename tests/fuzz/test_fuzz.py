"""No input of the corpora breaks an invariant, and a short run of each target finds nothing new."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.fuzz.targets import CORPUS, NAMES, open_target

ROOT = Path(__file__).parents[2]
WITHOUT_ATHERIS = "atheris is locked for Python 3.11 to 3.13 on x86-64 Linux: run `make setup` there, then `make fuzz`"


def test_each_target_has_a_corpus_and_each_corpus_a_target() -> None:
    assert sorted(folder.name for folder in CORPUS.iterdir()) == sorted(NAMES)
    assert sorted(file.stem.removeprefix("target_") for file in CORPUS.parent.glob("target_*.py")) == sorted(NAMES)
    assert all(open_target(name).inputs() for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_input_of_a_corpus_keeps_the_laws(name: str) -> None:
    target, broken = open_target(name), []
    with ThreadPoolExecutor(1) as thread:  # an open browser of other tests leaves an event loop running in this one
        for file in target.inputs():
            error = thread.submit(target.check, file.read_bytes()).exception()
            if error is not None:
                broken.append(f"{file.name}: {type(error).__name__}: {str(error)[:200]}")

    assert broken == []


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(find_spec("atheris") is None, reason=WITHOUT_ATHERIS)
def test_a_short_run_of_each_target_finds_nothing_new(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    runs = ["--runs", "100"] if request.config.getoption("--sample") else []
    run = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.engine", "--findings", str(tmp_path), *runs, *NAMES],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    findings = "\n".join(file.read_text() for file in sorted(tmp_path.glob("*.txt")))
    assert run.returncode == 0, f"{run.stdout}\n{findings}\n{run.stderr[-2000:]}"
    assert all(f"{name} " in run.stdout for name in NAMES), run.stdout
