"""Settings: a TOML file, and the environment after a NUL. Only `SetupError` is raised, and its message has no key."""

from __future__ import annotations

from typing import Final

from anthropic_audit.errors import SetupError
from anthropic_audit.settings import FeedSettings, Settings
from anthropic_audit.settings_loader import load

SHORT_RUNS: Final = 800
SECRET: Final = "sk-ant-api01-TEST-of-the-fuzzer"
TOKENS: Final = (
    b"[[feeds]]\n",
    b"[[sinks]]\n",
    b"[[processors]]\n",
    b"[console]\n",
    b"[[console.users]]\n",
    b"[console.openid]\n",
    b"[retention]\n",
    b"[enrichment]\n",
    b"[service]\n",
    *(f"{name} = ".encode() for name in FeedSettings.model_fields),
    *(f"{name} = ".encode() for name in Settings.model_fields),
    b'to = "elasticsearch"\n',
    b'do = "drop_fields"\n',
    b'name = "a"\n',
    b'"5m"\n',
    b'"99999999999d"\n',
    b"1e999\n",
    b"nan\n",
    b"1979-05-27\n",
    b'"https://u:p@h:99999"\n',
    b"\x00",
    b"\nANTHROPIC_AUDIT_",
    b"\nANTHROPIC_AUDIT_FEEDS__ACME__INTERVAL=",
    b"\nANTHROPIC_COMPLIANCE_ACCESS_KEY=",
    SECRET.encode(),
)


def check(data: bytes) -> None:
    """Load settings."""
    text, _, variables = data.decode("utf-8", "replace").partition("\x00")
    environ = dict(line.split("=", 1) for line in variables.splitlines() if "=" in line)
    try:
        loaded = load(text, environ, {})
    except SetupError as error:
        assert SECRET not in f"{error}{error.hint}", "a message contains a key"
        return
    loaded.settings.model_dump_json()
