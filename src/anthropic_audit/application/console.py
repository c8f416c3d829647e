"""Build the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from anthropic_audit.console import Console, LinkFile, open_console
from anthropic_audit.redact import Secret
from anthropic_audit.settings_loader import resolve_client_secret

from . import Application, Warn


def open_configured_console(
    application: Application, show_link: Callable[[str], None], warn: Warn | None = None
) -> AbstractContextManager[Console]:
    """Open the console of the settings; `show_link` gets each new link with a one-time token.

    Raises:
        SetupError: The client secret of the OpenID Connect provider is missing, or the address can't be used.
    """
    secret = _client_secret(application, warn or application.warn)
    return open_console(application.settings, application.clock, show_link, client_secret=secret)


@contextmanager
def open_console_with_link_file(application: Application, path: Path, warn: Warn) -> Iterator[Console]:
    """Open the console of the settings; the file always has the newest link, and only its owner can read it.

    Raises:
        SetupError: The client secret is missing, or the address or the file can't be used.
    """
    link = LinkFile(path)
    with open_configured_console(application, link.write, warn) as served:
        link.write(served.link())
        yield served


def _client_secret(application: Application, warn: Warn) -> Secret | None:
    """Return the secret by which the console's OpenID Connect provider knows us, or None without a provider."""
    openid = application.settings.console.openid
    if not openid.is_set:
        return None
    key = resolve_client_secret(openid, application.environ)
    if key.warning:
        warn(key.warning)
    return key.secret
