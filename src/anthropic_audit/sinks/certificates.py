"""Whom we trust, and who we are, by certificates."""

from __future__ import annotations

import ssl

from anthropic_audit.errors import SetupError
from anthropic_audit.settings import SinkSettings


def tls_context(settings: SinkSettings) -> ssl.SSLContext:
    """Return what connections are secured with: the system's authorities or those of the settings, and our certificate.

    Raises:
        SetupError: A file can't be read, or is none.
    """
    authorities = getattr(settings, "ca_file", "")
    mine, key = getattr(settings, "client_certificate_file", ""), getattr(settings, "client_key_file", "")
    try:
        context = ssl.create_default_context(cafile=authorities or None)
        if mine:
            context.load_cert_chain(mine, key or None)
    except OSError as error:
        message = f"sink {settings.name}: a certificate can't be used: {error.strerror or error}"
        raise SetupError(message, hint="check ca_file, client_certificate_file and client_key_file") from error
    return context
