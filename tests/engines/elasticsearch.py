"""A minimal Elasticsearch: the server and its HTTP transport, without the modules that are not published as jars."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.engines.launch import Engine, free_address, java
from tests.engines.node import furnish, is_ready
from tests.engines.resolve import cached, classes, jars

VERSION = "9.5.3"
SERVER = f"org.elasticsearch:elasticsearch:{VERSION}"
TRANSPORT = f"org.elasticsearch.plugin:transport-netty4:{VERSION}"
DESCRIPTOR = "META-INF/es-plugins/transport-netty4/plugin-descriptor.properties"
HEAP_MEGABYTES = 384


def elasticsearch(folder: Path, settings: Mapping[str, str]) -> Engine:
    """Return an Elasticsearch that is not yet started, with settings in addition to the default ones."""
    server = jars(SERVER)
    launcher = classes("Leash.java", "ElasticsearchNode.java", against=server)
    modules = transport_module(server)
    address = free_address()
    logging = furnish(folder, "elasticsearch", address, settings)
    command = java([launcher, *server], HEAP_MEGABYTES, "ElasticsearchNode", str(folder), str(modules), flags=[logging])
    return Engine(address, command, folder, is_ready)


def transport_module(server: Sequence[Path]) -> Path:
    """Return a folder of modules with the transport alone, and its jars that the server does not have."""
    known = {jar.name for jar in server}
    own = [jar for jar in jars(TRANSPORT) if jar.name not in known]

    def make(folder: Path) -> None:
        module = folder / "transport-netty4"
        module.mkdir()
        for jar in own:
            shutil.copy(jar, module)
        with zipfile.ZipFile(next(jar for jar in own if jar.name.startswith("transport-netty4"))) as transport:
            described = transport.read(DESCRIPTOR).decode().splitlines()
        lines = [line for line in described if not line.startswith("modulename=")]
        (module / "plugin-descriptor.properties").write_text("\n".join(lines))

    return cached("modules", [TRANSPORT, *map(str, own)], make)
