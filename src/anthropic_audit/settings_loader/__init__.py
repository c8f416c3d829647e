"""Load settings from defaults, the TOML file, the environment and flags (the later ones win), and read secrets."""

from .keys import (
    ResolvedKey,
    Run,
    resolve_client_secret,
    resolve_hash_key,
    resolve_key,
    resolve_keys,
    resolve_sink_secret,
    run_command,
)
from .load import ENVIRONMENT_PREFIX, Loaded, load
from .locate import CONFIG_VARIABLE, FILE_NAME, find_file, read_file
from .origins import Origin

__all__ = [
    "CONFIG_VARIABLE",
    "ENVIRONMENT_PREFIX",
    "FILE_NAME",
    "Loaded",
    "Origin",
    "ResolvedKey",
    "Run",
    "find_file",
    "load",
    "read_file",
    "resolve_client_secret",
    "resolve_hash_key",
    "resolve_key",
    "resolve_keys",
    "resolve_sink_secret",
    "run_command",
]
