"""What is fuzzed: each target is a module with a `check`, which raises when a law is broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Final, cast

CORPUS: Final = Path(__file__).parent / "corpus"

NAMES: Final = ("answers", "console", "filters", "kql", "normalize", "ocsf", "page", "settings", "times")


@dataclass(frozen=True)
class Target:
    """A target of the fuzzer."""

    name: str
    check: Callable[[bytes], None]
    """Takes an input; raises anything when a law is broken."""
    tokens: tuple[bytes, ...]
    """Texts that mean something in an input; mutations insert them."""
    is_json: bool
    """Whether inputs are mutated as JSON values as well."""
    short_runs: int
    """Executions of the run that is part of `make test`."""

    @property
    def corpus(self) -> Path:
        """The folder of its seeds and regressions."""
        return CORPUS / self.name

    def inputs(self) -> list[Path]:
        """Return the files of its corpus."""
        return sorted(file for file in self.corpus.iterdir() if file.is_file())


def open_target(name: str) -> Target:
    """Import a target's module; with atheris, what it imports of the package is instrumented if the caller says so."""
    module = import_module(f"tests.fuzz.target_{name}")
    return Target(
        name,
        cast("Callable[[bytes], None]", module.check),
        tuple(getattr(module, "TOKENS", ())),
        bool(getattr(module, "IS_JSON", False)),
        int(module.SHORT_RUNS),
    )
