"""TLS contexts: trusted certificate authorities, and the client certificate."""

from __future__ import annotations

import ssl

from anthropic_audit.errors import SetupError
from anthropic_audit.settings import SinkSettings


def tls_context(settings: SinkSettings) -> ssl.SSLContext:
    """Return the TLS context of a sink's connections.

    Raises:
        SetupError: A certificate or key file can't be read, or is invalid.
    """
    names = ("ca_file", "client_certificate_file", "client_key_file")
    return secured(f"sink {settings.name}", **{name: getattr(settings, name, "") for name in names})


def secured(
    owner: str, *, ca_file: str, client_certificate_file: str = "", client_key_file: str = ""
) -> ssl.SSLContext:
    """Return a TLS context with the authorities of `ca_file`, or the system's if empty, and a client certificate.

    Args:
        owner: The sink or the setting that messages name.
        ca_file: PEM file of certificate authorities.
        client_certificate_file: PEM file of the client certificate; empty for none.
        client_key_file: PEM file of its key; empty if it is in the certificate's file.

    Raises:
        SetupError: A certificate or key file can't be read, or is invalid.
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
