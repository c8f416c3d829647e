"""The fuzz targets: each is a module with a `check`, which raises an error when an invariant is broken."""

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
    """A fuzz target."""

    name: str
    check: Callable[[bytes], None]
    """Takes an input; raises any error when an invariant is broken."""
    tokens: tuple[bytes, ...]
    """Meaningful texts of inputs; mutations insert them."""
    is_json: bool
    """Whether inputs are also mutated as JSON values."""
    short_runs: int
    """Number of executions in `make test`."""

    @property
    def corpus(self) -> Path:
        """The folder of seeds and regressions."""
        return CORPUS / self.name

    def inputs(self) -> list[Path]:
        """Return the files of the corpus."""
        return sorted(file for file in self.corpus.iterdir() if file.is_file())


def open_target(name: str) -> Target:
    """Import a target's module; its imports are instrumented if the caller has set up atheris."""
    module = import_module(f"tests.fuzz.target_{name}")
    return Target(
        name,
        cast("Callable[[bytes], None]", module.check),
        tuple(getattr(module, "TOKENS", ())),
        bool(getattr(module, "IS_JSON", False)),
        int(module.SHORT_RUNS),
    )
