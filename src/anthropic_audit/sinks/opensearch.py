"""Delivery to a data stream of OpenSearch, by the official client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from opensearchpy import ImproperlyConfigured, OpenSearch, Urllib3AWSV4SignerAuth, Urllib3HttpConnection
from opensearchpy.exceptions import ConnectionError as UnreachableError
from opensearchpy.exceptions import ConnectionTimeout, TransportError
from opensearchpy.helpers import streaming_bulk

from anthropic_audit.errors import AuditError, SetupError, SinkBusyError
from anthropic_audit.network import nothing
from anthropic_audit.redact import Secret
from anthropic_audit.settings import OpenSearchSink

from . import bulk
from .long_texts import fit_long_texts
from .pool import SupervisedPool
from .responses import no_answer, reason_of, refusal


class OpenSearchApi:
    """One data stream, by the official client; see `bulk.Api`.

    Raises:
        SetupError: A URL, a certificate or the credentials can't be used.
    """

    def __init__(self, settings: OpenSearchSink, secret: Secret | None, check: Callable[[], None] = nothing) -> None:
        self._stream = settings.data_stream
        self._name = settings.name
        try:
            self._client = OpenSearch(**_options(settings, secret), connection_class=_connection_class(settings, check))
        except (ImproperlyConfigured, ValueError, OSError) as error:
            message = f"sink {settings.name}: the cluster can't be reached this way: {error}"
            raise SetupError(message, hint="check urls and the certificate files") from error

    def bulk(self, actions: Iterable[bulk.Action], number: int) -> Iterable[bulk.Result]:
        """Send `number` actions in one bulk request, and return the result of each."""
        results: Iterable[bulk.Result] = streaming_bulk(
            self._client,
            ((action, fit_long_texts(document)) for action, document in actions),
            chunk_size=number,
            max_chunk_bytes=2**31,
            raise_on_error=False,
            expand_action_callback=bulk.as_it_is,
            index=self._stream,
        )
        return results

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - JSON
        """Send an administrative request, and return the body of its response."""
        return self._client.transport.perform_request(method, path, body=body)

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def refresh(self) -> None:
        """Make all accepted documents visible to searches."""
        self._client.indices.refresh(index=self._stream, params={"ignore_unavailable": "true"})

    def search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Search the stream, or the point in time in the body, and return the response."""
        if "pit" in body:
            found: Mapping[str, Any] = self._client.search(body=dict(body))
        else:
            found = self._client.search(index=self._stream, body=dict(body), params={"ignore_unavailable": "true"})
        return found

    def open_point_in_time(self, keep_alive: str) -> str:
        """Open a point in time of the stream, and return its id."""
        return str(self._client.create_pit(index=self._stream, params={"keep_alive": keep_alive})["pit_id"])

    def close_point_in_time(self, name: str) -> None:
        """Close a point in time."""
        self._client.delete_pit(body={"pit_id": [name]})

    def failure(self, error: Exception) -> AuditError | None:
        """Translate an exception of the client, or return None if it is not one."""
        match error:
            case ConnectionTimeout():
                return SinkBusyError(f"sink {self._name}: no answer in time")
            case UnreachableError():
                return no_answer(self._name, str(error.error))
            case TransportError():
                status = error.status_code if isinstance(error.status_code, int) else 0
                return refusal(self._name, status, reason_of(error.info), {})
        return None


def _connection_class(settings: OpenSearchSink, check: Callable[[], None]) -> type[Urllib3HttpConnection]:
    """Return the client's connection class with a `SupervisedPool`."""

    class Connection(Urllib3HttpConnection):
        def _create_urllib3_pool(self) -> None:
            self.pool = SupervisedPool(settings, self.host, check)

    return Connection


def _options(settings: OpenSearchSink, secret: Secret | None) -> dict[str, Any]:
    key = secret.reveal() if secret else ""
    options: dict[str, Any] = {
        "hosts": list(settings.urls),
        "timeout": settings.timeout.total_seconds(),
        "http_compress": True,
        "max_retries": 0,
        "pool_maxsize": settings.workers + 1,
    }
    match settings.auth:
        case "basic":
            options["http_auth"] = (settings.username, key)
        case "bearer":
            options["headers"] = {"authorization": f"Bearer {key}"}
        case "aws":
            options["http_auth"] = _signer(settings)
    files = {
        "ca_certs": settings.ca_file,
        "client_cert": settings.client_certificate_file,
        "client_key": settings.client_key_file,
    }
    return options | {name: file for name, file in files.items() if file}


def _signer(settings: OpenSearchSink) -> Urllib3AWSV4SignerAuth:
    """Return the signer for the credentials that the AWS libraries find.

    Raises:
        SetupError: The extra `aws` is missing, or there are no credentials.
    """
    try:
        from botocore.session import Session
    except ImportError as error:
        message = f'sink {settings.name}: auth = "aws" needs the extra `aws`'
        raise SetupError(message, hint="pip install 'anthropic-audit[opensearch,aws]'") from error
    credentials = Session().get_credentials()
    if credentials is None:
        message = f"sink {settings.name}: there are no AWS credentials"
        raise SetupError(message, hint="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile or role")
    return Urllib3AWSV4SignerAuth(credentials, settings.aws_region, settings.aws_service)
