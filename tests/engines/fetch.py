"""A program that downloads the jars of Maven coordinates into a folder, and prints their paths as JSON.

Tests can't open connections to other machines, so this runs in a process of its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import EnvironmentBuilder
from jgo.maven import MavenContext


def fetch(folder: Path, coordinates: list[str]) -> list[str]:
    """Return the paths of the jars of all coordinates and their dependencies; no file outside the folder is used."""
    context = MavenContext(repo_cache=folder / "repository", remote_repos={"central": MAVEN_CENTRAL_URL})
    environment = EnvironmentBuilder(context=context, cache_dir=folder / "environments").from_endpoint(
        "+".join(coordinates)
    )
    return [str(jar) for jar in environment.all_jars]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(fetch(Path(sys.argv[1]), sys.argv[2:])))
