"""Databases in the MaxMind format, written for each test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

WriteDatabase = Callable[..., Path]


@pytest.fixture
def database(tmp_path: Path) -> WriteDatabase:
    """Write a database of networks and their records: `database({'203.0.113.0/24': {…}}, 'city.mmdb')`."""

    def write(records: Mapping[str, Any], name: str = "city.mmdb", ip_version: int = 6) -> Path:
        writer = MMDBWriter(
            ip_version, "test", languages=["en"], description="a test's", ipv4_compatible=ip_version == 6
        )
        for network, record in records.items():
            writer.insert_network(IPSet([network]), record)
        # Written elsewhere and renamed, as databases are to be replaced.
        made = tmp_path / f"{name}.new"
        writer.to_db_file(str(made))
        return made.replace(tmp_path / name)

    return write
