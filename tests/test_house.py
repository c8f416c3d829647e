"""The structure of the sources: allowed imports, no cycles, no hidden imports, sizes, and no foreign content."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import defaultdict
from pathlib import Path

from scripts.architecture import LEVELS, PACKAGE, ROOMS, ROOT, imported, modules, room, tree

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
    "application.service": {"console"},
    "sinks.open": {"elasticsearch", "kafka", "opensearch"},
    "sinks.opensearch": {"botocore.session"},
}
"""Allowed imports inside functions: libraries of extras, and our modules that import them."""
MAX_FILE_LINES, MAX_FUNCTION_LINES = 400, 60


def test_a_module_imports_from_its_own_level_or_below() -> None:
    unknown = [module for module in modules() if room(module) not in LEVELS]
    assert unknown == [], "add their package to scripts/architecture.py"

    above = [
        f"{module} -> {name}"
        for module in modules()
        for name in imported(module)
        if LEVELS[room(name)] > LEVELS[room(module)]
    ]

    assert above == []


def test_the_simulator_stands_apart() -> None:
    simulator = [name for name in modules() if name.startswith(f"{PACKAGE}.simulator")]

    rooms = {room(name) for module in simulator for name in imported(module)}

    assert len(simulator) > 30
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


def functions(module: str) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree(module)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def test_no_import_is_hidden_in_a_function() -> None:
    hidden = {
        module.removeprefix(f"{PACKAGE}."): {
            getattr(node, "module", None) or "import"
            for function in functions(module)
            for node in ast.walk(function)
            if isinstance(node, (ast.Import, ast.ImportFrom))
        }
        for module in modules()
    }

    assert {module: names for module, names in hidden.items() if names} == OF_EXTRAS


def test_files_and_functions_are_of_a_size_to_read() -> None:
    long = [
        f"{module}.{function.name}"
        for module in modules()
        for function in functions(module)
        if (function.end_lineno or 0) - function.lineno >= MAX_FUNCTION_LINES
    ]
    long += [name for name, path in modules().items() if len(path.read_text().splitlines()) > MAX_FILE_LINES]

    assert long == []


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


def test_no_export_of_a_package_is_hidden_by_one_of_its_modules() -> None:
    """Importing a submodule binds its name in the package, over a function of the same name from another module."""
    exports = [
        (package, alias.asname or alias.name, node.module)
        for package, path in modules().items()
        if path.name == "__init__.py"
        for node in ast.walk(tree(package))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]

    assert [name for package, name, module in exports if f"{package}.{name}" in modules() and module != name] == []


def test_every_room_is_there() -> None:
    rooms = {room(module) for module in modules()}

    assert [name for name in ROOMS if name not in rooms] == []


def test_each_class_has_a_name_of_its_own() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for module in modules():
        for node in ast.walk(tree(module)):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(module)

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_limits_are_named_max_or_min() -> None:
    odd = re.compile(
        r"^_?(MOST|LONGEST|LARGEST|HEAVIEST|DEEPEST|FEW|LEAST|SHORTEST|SLOWEST|OLDEST)\b|_(AT_MOST|AT_LEAST)$"
    )
    names = [
        f"{module}: {target.id}"
        for module in modules()
        for node in tree(module).body
        for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
        if isinstance(target, ast.Name) and odd.search(target.id)
    ]

    assert names == []
