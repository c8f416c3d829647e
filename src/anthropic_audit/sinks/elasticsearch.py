"""Delivery to a data stream of Elasticsearch, by the official client."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from elastic_transport import ConnectionTimeout, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch.helpers import streaming_bulk

from anthropic_audit.errors import SetupError, SinkBusyError
from anthropic_audit.model import Parcel, Verdict
from anthropic_audit.redact import Secret, safe_url
from anthropic_audit.settings import ElasticsearchSink

from . import bulk
from .answers import reason_of, refusal


class ElasticsearchCluster:
    """A data stream of a cluster: takes events, and can be asked and set up.

    Raises:
        SetupError: A URL, the cloud id or a certificate can't be used.
    """

    def __init__(self, settings: ElasticsearchSink, secret: Secret | None) -> None:
        self._stream = settings.data_stream
        self._name = settings.name
        try:
            self._client = Elasticsearch(**_options(settings, secret))
        except (ValueError, OSError) as error:
            message = f"sink {settings.name}: the cluster can't be reached this way: {error}"
            raise SetupError(message, hint="check urls, cloud_id and the certificates' files") from error

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events by one bulk request.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: None of them may be there.
        """
        with self._translated():
            results = streaming_bulk(
                self._client,
                bulk.actions(parcels),  # type: ignore[arg-type] # the callback takes them as they are
                chunk_size=len(parcels),
                max_chunk_bytes=2**31,
                raise_on_error=False,
                expand_action_callback=bulk.as_it_is,  # type: ignore[arg-type]
                index=self._stream,
            )
            return bulk.verdicts(results)

    def present(self, parcels: Sequence[Parcel]) -> AbstractSet[str]:
        """Return the ids of those events that are in the stream already.

        Raises:
            SinkBusyError, SinkDeniedError: It can't be said.
        """
        with self._translated():
            return bulk.present(self, parcels)

    def hits_between(self, start: datetime, end: datetime) -> Iterator[bulk.Hit]:
        """Yield every event of a span of time, oldest first.

        Raises:
            SinkBusyError, SinkDeniedError: The cluster can't be asked.
        """
        with self._translated():
            yield from bulk.hits_between(self, start, end)

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any | None:  # noqa: ANN401 - JSON
        """Send a request of administration, and return its answer, None for 404.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The cluster does not do it.
        """
        headers = {"accept": "application/json"} | ({"content-type": "application/json"} if body is not None else {})
        with self._translated():
            try:
                return self._client.perform_request(method, path, headers=headers, body=body).body
            except ApiError as error:
                if error.meta.status == 404:  # noqa: PLR2004 - HTTP's own
                    return None
                raise

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def refresh(self) -> None:
        """Make everything that was taken visible."""
        self._client.indices.refresh(index=self._stream, ignore_unavailable=True)

    def search(self, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Search the stream, or the point in time in the body."""
        where = {} if "pit" in body else {"index": self._stream, "ignore_unavailable": True}
        return dict(self._client.search(**where, body=dict(body)))  # type: ignore[arg-type] # one of both kinds

    def open_point_in_time(self, keep_alive: str) -> str:
        """Return the id of a point in time of the stream."""
        return str(self._client.open_point_in_time(index=self._stream, keep_alive=keep_alive)["id"])

    def close_point_in_time(self, name: str) -> None:
        """Let go of a point in time."""
        self._client.close_point_in_time(id=name)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except ApiError as error:
            raise refusal(self._name, error.meta.status, reason_of(error.body), error.meta.headers) from error
        except UnsupportedProductError as error:
            message = f"sink {self._name}: this is no Elasticsearch: {error}"
            raise SetupError(message, hint='for an OpenSearch cluster set `to = "opensearch"`') from error
        except ConnectionTimeout as error:
            message = f"sink {self._name}: no answer in time: {error.message}"
            raise SinkBusyError(message) from error
        except TransportError as error:
            message = f"sink {self._name}: no answer: {error.message}"
            raise SinkBusyError(message, hint="check urls, certificates and the network") from error


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
        options["hosts"] = [safe_url(url) for url in settings.urls]
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
