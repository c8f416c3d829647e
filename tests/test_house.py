"""Rules of the source tree: levels of imports, no cycles, no hidden imports, sizes, no secrets, working links."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SRC = ROOT / "src"
PACKAGE = "anthropic_audit"

LEVELS = {
    "": 0,
    "documents": 0,
    "errors": 0,
    "times": 0,
    "timestamps": 0,
    "model": 0,
    "settings": 0,
    "redact": 0,
    "retry_after": 0,
    "visible": 0,
    "clock_difference": 0,
    "ports": 0,
    "progress": 0,
    "plan": 1,
    "catalogue": 1,
    "normalize": 1,
    "ocsf": 1,
    "schemas": 1,
    "dashboards": 1,
    "ingest": 1,
    "feed": 1,
    "feed.client": 2,
    "feed.connection": 2,
    "feed.proxy": 2,
    "feed.trace": 2,
    "archive": 2,
    "network": 2,
    "atomic": 2,
    "clock": 2,
    "memory": 2,
    "enrich": 2,
    "simulator": 2,
    "sinks": 2,
    "processors": 3,
    "delivery": 3,
    "search": 3,
    "status": 3,
    "diagnosis": 3,
    "follow": 3,
    "service": 3,
    "settings_loader": 3,
    "reporting": 3,
    "testing": 3,
    "console": 3,
    "cli": 4,
}
"""The level of each room; a module may import from its own level or below."""

SIMULATOR_MAY_IMPORT = {
    "errors",
    "times",
    "model",
    "settings",
    "redact",
    "ports",
    "progress",
    "catalogue",
    "simulator",
    "",
}
OF_EXTRAS = {
    "sinks.open": {"elasticsearch", "kafka", "opensearch"},
    "sinks.opensearch": {"botocore.session"},
}
"""Allowed imports inside functions: libraries of extras, and our modules that import them."""
MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 60


@cache
def modules() -> dict[str, Path]:
    found = {}
    for path in sorted((SRC / PACKAGE).rglob("*.py")):
        name = ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        found[name] = path
    return found


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(modules()[module].read_text())


def room(module: str) -> str:
    inside = module.removeprefix(PACKAGE).removeprefix(".")
    parts = inside.split(".")
    return next((name for end in (2, 1) if (name := ".".join(parts[:end])) in LEVELS), inside)


def imported(module: str) -> Iterator[str]:
    """Yield the modules of this package that a module imports."""
    is_package = modules()[module].name == "__init__.py"
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")
            start = base[: len(base) - node.level + is_package] if node.level else []
            source = ".".join([*start, *([node.module] if node.module else [])])
            names = [
                f"{source}.{alias.name}" if f"{source}.{alias.name}" in modules() else source for alias in node.names
            ]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == PACKAGE)


@pytest.mark.parametrize("module", sorted(modules()))
def test_a_module_imports_from_its_own_level_or_below(module: str) -> None:
    assert room(module) in LEVELS, f"add the level of {module} to LEVELS"

    above = [name for name in imported(module) if LEVELS[room(name)] > LEVELS[room(module)]]

    assert above == []


@pytest.mark.parametrize("module", sorted(name for name in modules() if name.startswith(f"{PACKAGE}.simulator")))
def test_the_simulator_stands_apart(module: str) -> None:
    rooms = {room(name) for name in imported(module)}

    assert rooms <= SIMULATOR_MAY_IMPORT


def test_no_imports_run_in_a_circle() -> None:
    graph = {module: set(imported(module)) - {module} for module in modules()}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path[path.index(module) :], module])
        if module not in done:
            for other in sorted(graph.get(module, ())):
                visit(other, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize("module", sorted(modules()))
def test_no_import_is_hidden_in_a_function(module: str) -> None:
    functions = [node for node in ast.walk(tree(module)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]

    hidden = [node for one in functions for node in ast.walk(one) if isinstance(node, (ast.Import, ast.ImportFrom))]

    names = {getattr(node, "module", None) or "import" for node in hidden}
    assert names <= OF_EXTRAS.get(module.removeprefix(f"{PACKAGE}."), set())


@pytest.mark.parametrize("module", sorted(modules()))
def test_files_and_functions_are_of_a_size_to_read(module: str) -> None:
    functions = [node for node in ast.walk(tree(module)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]

    long = [one.name for one in functions if (one.end_lineno or 0) - one.lineno >= MAX_FUNCTION_LINES]

    assert long == []
    assert len(modules()[module].read_text().splitlines()) <= MAX_FILE_LINES


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_nothing_of_a_machine_or_a_secret_is_in_the_tree() -> None:
    strange = re.compile(
        r"/work/(main|shared)|/root/|/home/[a-z]|files\.pythonhosted|pypi\.org/simple"
        r"|sk-ant-(api|admin)\d\d-(?!TEST|SIM|\.\.\.|…|\*|<)[A-Za-z0-9]{12,}"
    )
    found = []
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            text = path.read_bytes().decode("utf-8", "ignore")
            found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in strange.finditer(text)]

    assert found == []


def test_changelog_fragments_are_named_by_what_they_are() -> None:
    kinds = {"added", "changed", "fixed", "security", "breaking"}

    odd = [
        path.name
        for path in (ROOT / "changelog.d").iterdir()
        if path.name != "README.md" and (path.suffix != ".md" or path.suffixes[0].lstrip(".") not in kinds)
    ]

    assert odd == []


def test_the_readme_leads_with_the_two_commands() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()

    assert 0 <= readme.find("make demo") < readme.find("make test") < 3000
    for target in re.findall(r"^\$? ?make ([a-z-]+)", readme, re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_page_is_reachable_and_every_link_leads_somewhere() -> None:
    pages = sorted((ROOT / "docs").rglob("*.md"))
    linked: set[Path] = set()
    broken = []
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *pages]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
            place = (page.parent / target).resolve()
            linked.add(place)
            if not place.exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")

    assert broken == []
    assert [str(page.relative_to(ROOT)) for page in pages if page.resolve() not in linked] == []
