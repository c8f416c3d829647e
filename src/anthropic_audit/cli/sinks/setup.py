"""`anthropic-audit sinks setup`: install templates and rules on a cluster."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated

import typer

from anthropic_audit.application.sinks import chosen_cluster, found_secret
from anthropic_audit.catalogue import load as load_catalogue
from anthropic_audit.cli.configuration import open_application
from anthropic_audit.cli.options import Archive, Config, SinkName
from anthropic_audit.cli.output import Heading, print_table
from anthropic_audit.delivery import PlannedChange, set_up, set_up_dashboards
from anthropic_audit.sinks import BoardServer, open_cluster

_HEADINGS = (Heading("what"), Heading("name"), Heading("change"), Heading("reason"))


def setup(
    name: SinkName,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would change, and change nothing.")] = False,
    config: Config = None,
    archive: Archive = None,
) -> None:
    """Install index templates and rules on a cluster.

    Running it again changes nothing. After an update of this program it updates the templates, and rolls the data
    stream over to a new backing index; existing data is unchanged. If `dashboards_url` is set, the overview is also
    installed in Kibana or OpenSearch Dashboards.
    """
    application = open_application(config, {"archive": archive})
    sink = chosen_cluster(application.settings, name)
    secret = found_secret(application, sink)
    with closing(open_cluster(sink, secret)) as cluster:
        steps = list(set_up(cluster, sink, load_catalogue(), is_rehearsal=dry_run))
    if sink.dashboards_url:
        with closing(BoardServer(sink, secret)) as boards:
            steps.append(set_up_dashboards(boards, sink, is_rehearsal=dry_run))
    planned = (
        {change: f"would {change}" for change in (PlannedChange.CREATE, PlannedChange.UPDATE, PlannedChange.ROLL_OVER)}
        if dry_run
        else {}
    )
    print_table(_HEADINGS, [(one.what, one.name, planned.get(one.change, one.change), one.reason) for one in steps])
