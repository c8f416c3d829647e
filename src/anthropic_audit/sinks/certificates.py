"""Whom we trust, and who we are, by certificates."""

from __future__ import annotations

import ssl

from anthropic_audit.errors import SetupError
from anthropic_audit.settings import SinkSettings


def tls_context(settings: SinkSettings) -> ssl.SSLContext:
    """Return what a sink's connections are secured with.

    Raises:
        SetupError: A file can't be read, or is none.
    """
    names = ("ca_file", "client_certificate_file", "client_key_file")
    return secured(f"sink {settings.name}", **{name: getattr(settings, name, "") for name in names})


def secured(
    owner: str, *, ca_file: str, client_certificate_file: str = "", client_key_file: str = ""
) -> ssl.SSLContext:
    """Return what connections are secured with: the system's authorities or those of a file, and our certificate.

    Raises:
        SetupError: A file can't be read, or is none.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        if client_certificate_file:
            context.load_cert_chain(client_certificate_file, client_key_file or None)
    except OSError as error:
        message = f"{owner}: a certificate can't be used: {error.strerror or error}"
        names = "ca_file, client_certificate_file and client_key_file" if client_certificate_file else "ca_file"
        raise SetupError(message, hint=f"check {names}") from error
    return context
