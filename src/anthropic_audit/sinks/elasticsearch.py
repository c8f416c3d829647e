"""Delivery to a data stream of Elasticsearch, by the official client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from elastic_transport import ConnectionTimeout, NodeConfig, TransportError, Urllib3HttpNode
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch.helpers import streaming_bulk

from anthropic_audit.errors import AuditError, SetupError, SinkBusyError
from anthropic_audit.network import nothing
from anthropic_audit.redact import Secret
from anthropic_audit.settings import ElasticsearchSink

from . import bulk
from .pool import SupervisedPool
from .responses import no_answer, reason_of, refusal


class ElasticsearchApi:
    """One data stream, by the official client; see `bulk.Api`.

    Raises:
        SetupError: A URL, the cloud id or a certificate can't be used.
    """

    def __init__(self, settings: ElasticsearchSink, secret: Secret | None, check: Callable[[], None] = nothing) -> None:
        self._stream = settings.data_stream
        self._name = settings.name
        try:
            self._client = Elasticsearch(**_options(settings, secret), node_class=_node_class(settings, check))
        except (ValueError, OSError) as error:
            message = f"sink {settings.name}: the cluster can't be reached this way: {error}"
            raise SetupError(message, hint="check urls, cloud_id and the certificate files") from error

    def bulk(self, actions: Iterable[bulk.Action], number: int) -> Iterable[bulk.Result]:
        """Send `number` actions in one bulk request, and return the result of each."""
        return streaming_bulk(
            self._client,
            actions,  # type: ignore[arg-type] # the callback takes them as they are
            chunk_size=number,
            max_chunk_bytes=2**31,
            raise_on_error=False,
            expand_action_callback=bulk.as_it_is,  # type: ignore[arg-type]
            index=self._stream,
        )

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:  # noqa: ANN401 - JSON
        """Send an administrative request, and return the body of its response."""
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if body is not None else {})
        return self._client.perform_request(method, path, headers=headers, body=body).body

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def refresh(self) -> None:
        """Make all accepted documents visible to searches."""
        self._client.indices.refresh(index=self._stream, ignore_unavailable=True)

    def search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Search the stream, or the point in time in the body, and return the response."""
        where = {} if "pit" in body else {"index": self._stream, "ignore_unavailable": True}
        return dict(self._client.search(**where, body=dict(body)))  # type: ignore[arg-type] # one of both kinds

    def open_point_in_time(self, keep_alive: str) -> str:
        """Open a point in time of the stream, and return its id."""
        return str(self._client.open_point_in_time(index=self._stream, keep_alive=keep_alive)["id"])

    def close_point_in_time(self, name: str) -> None:
        """Close a point in time."""
        self._client.close_point_in_time(id=name)

    def failure(self, error: Exception) -> AuditError | None:
        """Translate an exception of the client, or return None if it is not one."""
        match error:
            case ApiError():
                return refusal(self._name, error.meta.status, reason_of(error.body), error.meta.headers)
            case UnsupportedProductError():
                message = f"sink {self._name}: the cluster is not Elasticsearch: {error}"
                return SetupError(message, hint='for an OpenSearch cluster set `to = "opensearch"`')
            case ConnectionTimeout():
                return SinkBusyError(f"sink {self._name}: no answer in time: {error.message}")
            case TransportError():
                return no_answer(self._name, error.message)
        return None


def _node_class(settings: ElasticsearchSink, check: Callable[[], None]) -> type[Urllib3HttpNode]:
    """Return the client's node class with a `SupervisedPool` for its connections."""

    class Node(Urllib3HttpNode):
        def __init__(self, config: NodeConfig) -> None:
            super().__init__(config)
            host = f"[{config.host}]" if ":" in config.host.strip("[]") else config.host
            self.pool.close()
            self.pool = SupervisedPool(settings, f"{config.scheme}://{host}:{config.port}", check)  # type: ignore[assignment] # it has what a node asks for

    return Node


def _options(settings: ElasticsearchSink, secret: Secret | None) -> dict[str, Any]:
    options: dict[str, Any] = {
        "request_timeout": settings.timeout.total_seconds(),
        "http_compress": True,
        "max_retries": 0,
        "connections_per_node": settings.workers + 1,
    }
    if settings.cloud_id:
        options["cloud_id"] = settings.cloud_id
    else:
        options["hosts"] = list(settings.urls)
    key = secret.reveal() if secret else ""
    auth = {"api_key": {"api_key": key}, "bearer": {"bearer_auth": key}}
    auth["basic"] = {"basic_auth": (settings.username, key)}  # type: ignore[dict-item] # a pair
    options |= auth.get(settings.auth, {})
    files = {
        "ca_certs": settings.ca_file,
        "client_cert": settings.client_certificate_file,
        "client_key": settings.client_key_file,
    }
    return options | {name: file for name, file in files.items() if file}
