"""`anthropic-audit catalogue lint`: check the catalogue, or the filters of settings files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from anthropic_audit import catalogue as catalogue_room
from anthropic_audit.application.feed_filters import FILTERS, query_length
from anthropic_audit.catalogue import Catalogue, load
from anthropic_audit.catalogue.groups import Groups, expand, is_pattern, load_groups, unknown_types
from anthropic_audit.catalogue.line_numbers import read_lines
from anthropic_audit.catalogue.lint import LintIssue
from anthropic_audit.catalogue.lint import lint as lint_catalogue
from anthropic_audit.catalogue.statistics import CatalogueStatistics, figures
from anthropic_audit.cli.options import TableOrJson
from anthropic_audit.cli.output import console, print_json
from anthropic_audit.errors import SetupError
from anthropic_audit.settings_loader import Loaded, read_file
from anthropic_audit.settings_loader import load as load_settings

_FOUND = 1
_MAX_QUERY_CHARS = 8_000
"""Length of filters in a URL that every server and proxy accepts, in bytes; the API documents no limit."""


def lint(
    file: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE",
            help="Settings files whose filters are checked, instead of the catalogue.",
            show_default=False,
        ),
    ] = None,
    format: Annotated[TableOrJson, typer.Option("--format", help="How to print it.")] = TableOrJson.TABLE,  # noqa: A002 - the flag's name
) -> None:
    """Check the catalogue, or the filters of settings files.

    For settings files it prints unknown activity types with suggestions, and the types of each group. Exit codes: 0 no
    problems, 1 problems were found.
    """
    catalogue = load()
    expansions: list[dict[str, object]] = []
    if file:
        findings: list[LintIssue] = []
        for path in file:
            loaded = load_settings(read_file(path), {}, {}, path)
            findings += _filters(loaded, catalogue)
            expansions += _expansions(loaded, catalogue)
        counts = None
    else:
        findings = lint_catalogue(catalogue, read_lines(resources.files(catalogue_room)))
        load_groups()
        counts = figures(catalogue)
    if format is TableOrJson.JSON:
        print_json(_as_json(findings, counts, expansions))
    else:
        _print(findings, counts, expansions)
    if findings:
        raise typer.Exit(_FOUND)


def _filters(loaded: Loaded, catalogue: Catalogue) -> Iterator[LintIssue]:
    groups = load_groups()
    for index, feed in enumerate(loaded.settings.feeds):
        for setting in FILTERS:
            names: tuple[str, ...] = getattr(feed, setting)
            where = _where(loaded, ("feeds", index, setting))
            yield from (LintIssue(where, what) for what in _wrong(names, catalogue, groups))
            length = query_length(setting, _expanded(names, catalogue, groups))
            if length > _MAX_QUERY_CHARS:
                yield LintIssue(
                    where, f"{length:,} bytes of `{setting}` in each request may be more than servers accept"
                )


def _wrong(names: Sequence[str], catalogue: Catalogue, groups: Groups) -> Iterator[str]:
    for name, meant in unknown_types(names, catalogue).items():
        yield f"unknown activity type `{name}`" + (f", did you mean `{meant}`?" if meant else "")
    for name in filter(is_pattern, names):
        try:
            expand([name], catalogue, groups)
        except SetupError as error:
            yield f"{error}: {error.hint}"


def _expanded(names: Sequence[str], catalogue: Catalogue, groups: Groups) -> tuple[str, ...]:
    try:
        return expand(names, catalogue, groups)
    except SetupError:
        return ()


def _expansions(loaded: Loaded, catalogue: Catalogue) -> Iterator[dict[str, object]]:
    """Yield the types of each pattern of each feed."""
    groups = load_groups()
    for index, feed in enumerate(loaded.settings.feeds):
        for setting in FILTERS:
            for name in filter(is_pattern, getattr(feed, setting)):
                types = _expanded([name], catalogue, groups)
                if types:
                    where = _where(loaded, ("feeds", index, setting))
                    yield {"where": where, "setting": setting, "pattern": name, "types": list(types)}


def _where(loaded: Loaded, place: tuple[str | int, ...]) -> str:
    origins = (loaded.origins.get((*place, *more)) for more in ((), (0,)))
    return next((str(one.where) for one in origins if one is not None), str(loaded.path))


def _as_json(
    findings: Sequence[LintIssue], counts: CatalogueStatistics | None, expansions: Sequence[dict[str, object]]
) -> dict[str, object]:
    document: dict[str, object] = {"findings": [asdict(one) for one in findings]}
    return {**document, "filters": list(expansions)} if counts is None else {**document, "counts": asdict(counts)}


def _print(
    findings: Sequence[LintIssue], counts: CatalogueStatistics | None, expansions: Sequence[dict[str, object]]
) -> None:
    out = console()
    for finding in findings:
        out.print(f"{finding.where}: {finding.what}", markup=False, soft_wrap=True)
    for one in expansions:
        types = one["types"]
        listed = ", ".join(types) if isinstance(types, list) else ""
        out.print(f"{one['where']}: {one['pattern']} means {listed}", markup=False, soft_wrap=True)
    for line in [] if counts is None else _counted(counts):
        out.print(line, markup=False)
    out.print(f"{len(findings):,} problems" if findings else "no problems", markup=False)


def _counted(counts: CatalogueStatistics) -> Iterator[str]:
    agreeing = counts.published - len(counts.deviating)
    levels = ", ".join(f"{number} {level}" for level, number in counts.sensitivities.items())
    yield f"types                {counts.types} in {counts.families} families, all categorized by hand ({levels})"
    yield f"published table      {counts.published} types, {agreeing} categorized alike, {len(counts.deviating)} not:"
    yield f"                     {', '.join(counts.deviating)}"
    yield f"with a description   {counts.described} types, {counts.told} with a sentence"
    yield f"with unknown fields  {counts.partial} types"
    yield f"fields               {counts.fields} of activities, {counts.exported_fields} below anthropic.audit"
    yield f"                     {counts.ecs_fields} of ECS; {counts.personal_fields} personal"
    yield f"kinds of actor       {counts.actors}"
