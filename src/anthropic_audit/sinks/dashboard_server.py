"""Kibana and OpenSearch Dashboards: importing saved objects, and looking up dashboards."""

from __future__ import annotations

from base64 import b64encode

import httpx2
import orjson

from anthropic_audit.errors import SetupError, SinkBusyError, SinkRefusedError
from anthropic_audit.network import (
    AnswerTooLargeError,
    DeadlineExceededError,
    HttpAnswer,
    Supervisor,
    fetch,
    supervise,
)
from anthropic_audit.redact import Secret, redact
from anthropic_audit.settings import ClusterSink, ElasticsearchSink

from .certificates import tls_context
from .responses import MISSING, no_answer, refusal

_GOOD = range(200, 300)
_MAX_ANSWER_BYTES = 64 * 2**20


class BoardServer:
    """The Kibana or OpenSearch Dashboards of a cluster, used with the cluster's credentials.

    Raises:
        SetupError: The URL or a certificate can't be used, or requests can't be signed.
    """

    def __init__(self, settings: ClusterSink, secret: Secret | None) -> None:
        self._deadline = settings.deadline
        self._supervisor = Supervisor()
        self._name = settings.name
        self._url = settings.dashboards_url.rstrip("/")
        mark = "kbn-xsrf" if isinstance(settings, ElasticsearchSink) else "osd-xsrf"
        headers = {mark: "true", **_authorization(settings, secret)}
        self._client = httpx2.Client(
            verify=tls_context(settings), timeout=settings.timeout.total_seconds(), headers=headers
        )
        supervise(self._client, self._supervisor)

    def description(self, name: str) -> str | None:
        """Return the description of the dashboard with an id, or None if there is none.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The request failed.
        """
        answer = self._ask("GET", f"/api/saved_objects/dashboard/{name}")
        if answer is None:
            return None
        found = orjson.loads(answer.body).get("attributes", {}).get("description", "")
        return str(found)

    def take(self, ndjson: bytes) -> None:
        """Import saved objects, replacing those with the same ids.

        Raises:
            SinkBusyError, SinkRefusedError, SinkDeniedError: The objects were not imported.
        """
        file = {"file": ("overview.ndjson", ndjson, "application/ndjson")}
        answer = self._ask("POST", "/api/saved_objects/_import?overwrite=true", file)
        result = {} if answer is None else orjson.loads(answer.body)
        if not result.get("success"):
            message = f"sink {self._name}: the dashboards were not imported: {redact(str(result.get('errors')))[:500]}"
            raise SinkRefusedError(message)

    def close(self) -> None:
        """Close connections."""
        self._client.close()

    def _ask(self, method: str, path: str, files: dict[str, tuple[str, bytes, str]] | None = None) -> HttpAnswer | None:
        seconds = self._deadline.total_seconds()
        try:
            request = self._client.build_request(method, f"{self._url}{path}", files=files)
            answer = fetch(self._client, self._supervisor, request, seconds=seconds, max_bytes=_MAX_ANSWER_BYTES)
        except (DeadlineExceededError, AnswerTooLargeError) as error:
            message = f"sink {self._name}: no complete answer from dashboards_url within {seconds:g} seconds"
            raise SinkBusyError(
                message, hint="check dashboards_url and the network, or raise request_deadline"
            ) from error
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise no_answer(self._name, f"{type(error).__name__}: {error}", "dashboards_url") from error
        if answer.status in _GOOD:
            return answer
        if answer.status == MISSING and method == "GET":
            return None
        raise refusal(self._name, answer.status, answer.text[:2000], answer.headers)


def _authorization(settings: ClusterSink, secret: Secret | None) -> dict[str, str]:
    key = secret.reveal() if secret else ""
    match settings.auth:
        case "api_key":
            return {"authorization": f"ApiKey {key}"}
        case "bearer":
            return {"authorization": f"Bearer {key}"}
        case "basic":
            return {"authorization": f"Basic {b64encode(f'{settings.username}:{key}'.encode()).decode()}"}
        case "aws":
            message = f'sink {settings.name}: requests to dashboards_url can\'t be signed with auth = "aws"'
            raise SetupError(message, hint="import the file that `anthropic-audit sinks dashboards` writes")
        case _:
            return {}
