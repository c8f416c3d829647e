"""Delivery to a Kafka topic by an idempotent producer; the key of a message is the activity's id."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

from confluent_kafka import KafkaError, KafkaException, Producer

from anthropic_audit.errors import AuditError, SetupError, SinkBusyError, SinkDeniedError
from anthropic_audit.model import Fate, Parcel, Verdict
from anthropic_audit.network import nothing
from anthropic_audit.redact import Secret, redact
from anthropic_audit.settings import KafkaSink

_CREATED = Verdict(Fate.CREATED)
_LOST = Verdict(Fate.BUSY, "no broker acknowledged the event")
_TOO_LARGE = (KafkaError.MSG_SIZE_TOO_LARGE, KafkaError.RECORD_LIST_TOO_LARGE, KafkaError.INVALID_RECORD)
_DENIED = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    KafkaError.SASL_AUTHENTICATION_FAILED,
    KafkaError._AUTHENTICATION,  # noqa: SLF001 - the library's public name for it
)
_MILLISECONDS = 1000
_GRACE_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
_POLL_SECONDS = 0.05


class KafkaTopic:
    """A topic. Brokers drop messages that the same producer repeats; after a crash, a new producer may send repeats.

    Raises:
        SetupError: An option can't be used.
    """

    def __init__(self, settings: KafkaSink, secret: Secret | None, check: Callable[[], None] = nothing) -> None:
        self._check = check
        self._problem = ""
        self._name, self._topic = settings.name, settings.topic
        self._seconds = settings.timeout.total_seconds()
        try:
            self._producer = Producer({**_options(settings, secret), "error_cb": self._take_problem})
        except (KafkaException, ValueError, TypeError) as error:
            message = f"sink {settings.name}: the Kafka client rejects these settings: {redact(str(error))}"
            raise SetupError(message, hint="check brokers, options and the certificate files") from error

    def deliver(self, parcels: Sequence[Parcel]) -> Sequence[Verdict]:
        """Send events, wait for the brokers' acknowledgements, and return the verdict of each event.

        Raises:
            SinkBusyError, SinkDeniedError: Sending failed; it is unknown whether events arrived.
            InterruptedRunError: The operator stopped the run; events that are not acknowledged may have arrived.
        """
        errors: dict[int, KafkaError | None] = {}

        def on_delivery(index: int) -> Callable[[KafkaError | None], None]:
            return lambda error: errors.__setitem__(index, error)

        deadline = time.monotonic() + self._seconds + _GRACE_SECONDS
        try:
            for index, parcel in enumerate(parcels):
                self._send(parcel, on_delivery(index))
            while len(errors) < len(parcels) and time.monotonic() < deadline:
                self._check()
                self._producer.poll(_POLL_SECONDS)
        except KafkaException as error:
            raise self._failure(error.args[0]) from error
        for one in errors.values():
            if one is not None and (_is_fatal(one) or one.code() in _DENIED):
                raise self._failure(one)
        if errors and not any(errors.values()):
            self._problem = ""
        return [self._verdict(errors[index]) if index in errors else _LOST for index in range(len(parcels))]

    def present(self, _: Sequence[Parcel]) -> AbstractSet[str]:
        """Return no ids: a topic can't be searched by key."""
        return frozenset()

    def close(self) -> None:
        """Drop unacknowledged messages, and close connections."""
        self._producer.purge()
        self._producer.flush(_CLOSE_SECONDS)

    def _send(self, parcel: Parcel, on_delivery: Callable[[KafkaError | None], None]) -> None:
        stamp = round(parcel.timestamp.timestamp() * _MILLISECONDS)
        value, key = parcel.document.encode(), parcel.id.encode()
        while True:
            try:
                self._producer.produce(
                    self._topic, value, key, timestamp=stamp, on_delivery=lambda error, _: on_delivery(error)
                )
            except BufferError:
                self._check()
                self._producer.poll(0.1)
            except KafkaException as error:
                if error.args[0].code() not in _TOO_LARGE:
                    raise
                on_delivery(error.args[0])
                return
            else:
                self._producer.poll(0)
                return

    def _take_problem(self, error: KafkaError) -> None:
        """Keep the library's last connection error: a message that timed out does not give the cause."""
        if error.code() != KafkaError._ALL_BROKERS_DOWN:  # noqa: SLF001 - the library's public name for it
            self._problem = redact(error.str())

    def _verdict(self, error: KafkaError | None) -> Verdict:
        if error is None:
            return _CREATED
        if error.code() in _TOO_LARGE:
            return Verdict(Fate.REJECTED, error.str(), error.code())
        return Verdict(Fate.BUSY, ": ".join(filter(None, (error.str(), self._problem))), error.code())

    def _failure(self, error: KafkaError) -> AuditError:
        if error.code() in _DENIED:
            message = f"sink {self._name}: the brokers deny access: {error.str()}"
            return SinkDeniedError(message, hint="check the username, the secret and the topic's permissions")
        if _is_fatal(error):
            message = f"sink {self._name}: this producer can't continue, a new one can: {error.str()}"
            return SinkDeniedError(message, hint="`run` creates a new producer automatically; otherwise deliver again")
        return SinkBusyError(f"sink {self._name}: {error.str()}")


def _is_fatal(error: KafkaError) -> bool:
    """Return whether a producer can't send any more after an error."""
    return error.fatal() or error.code() == KafkaError._FATAL  # noqa: SLF001 - the library's public name for it


def _options(settings: KafkaSink, secret: Secret | None) -> dict[str, str | int | bool]:
    protocol = ("SASL_" if settings.username else "") + ("SSL" if settings.tls else "PLAINTEXT")
    options: dict[str, str | int | bool] = {
        "bootstrap.servers": ",".join(settings.brokers),
        "enable.idempotence": True,
        "compression.type": "zstd",
        "linger.ms": 20,
        "delivery.timeout.ms": round(settings.timeout.total_seconds() * _MILLISECONDS),
        "security.protocol": protocol,
        "client.id": "anthropic-audit",
        "log.connection.close": False,
        "log_level": 0,
        "reconnect.backoff.max.ms": 2000,
    }
    if settings.username:
        password = secret.reveal() if secret else ""
        sasl = {"sasl.mechanism": settings.sasl_mechanism, "sasl.username": settings.username}
        options |= {**sasl, "sasl.password": password}
    if settings.ca_file:
        options["ssl.ca.location"] = settings.ca_file
    return options | settings.options
