"""Authentication and certificates of sinks."""

from __future__ import annotations

import hmac
import ssl
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme
from tests.sinks.places import sink
from tests.sinks.receiver import Heard, Receiver

from anthropic_audit.clock import SystemClock
from anthropic_audit.errors import SetupError, SinkBusyError, SinkDeniedError
from anthropic_audit.model import Fate, Parcel
from anthropic_audit.redact import Secret
from anthropic_audit.sinks import open_sink

KEY = "sesame-0123456789"
PARCELS = [Parcel(seq, f"activity_{seq}", datetime.now(UTC), '{"event":{"id":"x"}}') for seq in (1, 2)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.stop()


def heard(receiver: Receiver, **settings: object) -> Heard:
    """Deliver to a receiver that refuses all requests, and return the last one."""
    receiver.status = lambda _: 401
    target = open_sink(sink(**settings), Secret(KEY), SystemClock())
    with pytest.raises(SinkDeniedError) as caught:
        target.deliver(PARCELS)
    target.close()
    assert KEY not in f"{caught.value}{caught.value.hint}"
    return receiver.refused[-1]


BASIC = "Basic dXM6c2VzYW1lLTAxMjM0NTY3ODk="


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"to": "elasticsearch", "auth": "api_key", "secret_env": "K"}, f"ApiKey {KEY}"),
        ({"to": "elasticsearch", "auth": "bearer", "secret_env": "K"}, f"Bearer {KEY}"),
        ({"to": "elasticsearch", "auth": "basic", "username": "us", "secret_env": "K"}, BASIC),
        ({"to": "opensearch", "auth": "bearer", "secret_env": "K"}, f"Bearer {KEY}"),
        ({"to": "opensearch", "auth": "basic", "username": "us", "secret_env": "K"}, BASIC),
    ],
)
def test_clusters_are_told_who_we_are(receiver: Receiver, settings: dict[str, object], said: str) -> None:
    assert heard(receiver, urls=[receiver.url], **settings).headers["authorization"] == said


def test_requests_are_signed_for_aws(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-a-real-one")

    asked = heard(receiver, to="opensearch", urls=[receiver.url], auth="aws", aws_region="eu-west-1")

    assert asked.headers["authorization"].startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/es/aws4_request" in asked.headers["authorization"]
    assert asked.headers["x-amz-content-sha256"]


def test_without_aws_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(SetupError, match="no AWS credentials"):
        open_sink(sink(to="opensearch", urls=["http://x"], auth="aws", aws_region="eu-west-1"), None, SystemClock())


def test_collectors_and_webhooks_are_told_who_we_are(receiver: Receiver) -> None:
    splunk = heard(receiver, to="splunk_hec", url=receiver.url, secret_env="K")
    hook = heard(receiver, to="http", url=receiver.url, auth="bearer", secret_env="K")
    logs = heard(receiver, to="otlp", url=f"{receiver.url}/v1/logs", secret_env="K")

    assert (splunk.path, splunk.headers["authorization"]) == ("/services/collector/event", f"Splunk {KEY}")
    assert hook.headers["authorization"] == f"Bearer {KEY}"
    assert (logs.path, logs.headers["authorization"]) == ("/v1/logs", f"Bearer {KEY}")


def test_bodies_are_signed(receiver: Receiver) -> None:
    asked = heard(receiver, to="http", url=receiver.url, auth="hmac", secret_env="K")

    wanted = hmac.new(KEY.encode(), asked.body, "sha256").hexdigest()
    assert asked.headers["x-anthropic-audit-signature"] == f"sha256={wanted}"
    assert "authorization" not in asked.headers


@pytest.mark.parametrize(
    ("settings", "encoding"),
    [
        ({"to": "http"}, None),
        ({"to": "http", "compress": True}, "gzip"),
        ({"to": "otlp"}, "gzip"),
        ({"to": "splunk_hec", "secret_env": "K"}, "gzip"),
    ],
)
def test_bodies_are_compressed_where_receivers_can_be_expected_to_read_them(
    receiver: Receiver, settings: dict[str, object], encoding: str | None
) -> None:
    asked = heard(receiver, url=receiver.url, **settings)

    assert asked.headers.get("content-encoding") == encoding
    assert b'"event"' in asked.body


def test_the_same_events_have_the_same_idempotency_key(receiver: Receiver) -> None:
    target = open_sink(sink(to="http", url=receiver.url, body="json"), None, SystemClock())
    for some in (PARCELS, PARCELS, PARCELS[:1]):
        target.deliver(some)
    target.close()

    first, second, third = (one.headers["idempotency-key"] for one in receiver.heard)
    assert first == second != third
    assert receiver.heard[0].body == b'[{"event":{"id":"x"}},{"event":{"id":"x"}}]'


@pytest.fixture
def certificates(tmp_path: Path) -> Callable[[str], str]:
    ours, client = trustme.CA(), trustme.CA()
    ours.cert_pem.write_to_path(tmp_path / "ca.pem")
    server, me = ours.issue_cert("127.0.0.1"), client.issue_cert("me@acme.example")
    me.cert_chain_pems[0].write_to_path(tmp_path / "me.pem")
    me.private_key_pem.write_to_path(tmp_path / "me.key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.configure_cert(context)
    client.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    CONTEXTS[str(tmp_path)] = context
    return lambda name: str(tmp_path / name)


CONTEXTS: dict[str, ssl.SSLContext] = {}


@pytest.mark.parametrize(
    "target",
    [
        lambda url: {"to": "http", "url": url},
        lambda url: {"to": "opensearch", "urls": [url]},
        lambda url: {"to": "elasticsearch", "urls": [url]},
    ],
    ids=["http", "opensearch", "elasticsearch"],
)
def test_certificates_of_both_sides_count(
    certificates: Callable[[str], str], tmp_path: Path, target: Callable[[str], dict[str, object]]
) -> None:
    receiver = Receiver(tls=CONTEXTS[str(tmp_path)])
    receiver.status = lambda _: 401
    mine = {"client_certificate_file": certificates("me.pem"), "client_key_file": certificates("me.key")}
    trusted = {"ca_file": certificates("ca.pem")}

    def deliver(**files: str) -> Sequence[object]:
        opened = open_sink(sink(**target(receiver.url), **files), None, SystemClock())
        try:
            return opened.deliver(PARCELS)
        finally:
            opened.close()

    with pytest.raises(SinkDeniedError):
        deliver(**mine, **trusted)
    for files in (mine, trusted):
        with pytest.raises(SinkBusyError, match="no answer"):
            deliver(**files)
    receiver.stop()


@pytest.mark.parametrize(
    "target",
    [
        lambda url: {"to": "http", "url": url},
        lambda url: {"to": "otlp", "url": url},
        lambda url: {"to": "opensearch", "urls": [url]},
        lambda url: {"to": "elasticsearch", "urls": [url]},
    ],
    ids=["http", "otlp", "opensearch", "elasticsearch"],
)
@pytest.mark.parametrize("days", [-2, 2], ids=["expired", "not_yet_valid"])
def test_a_certificate_outside_its_dates_may_mean_that_our_clock_is_wrong(
    target: Callable[[str], dict[str, object]], days: int, tmp_path: Path
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    middle = datetime.now(UTC) + timedelta(days=days)
    authority.issue_cert(
        "127.0.0.1", not_before=middle - timedelta(days=1), not_after=middle + timedelta(days=1)
    ).configure_cert(context)
    receiver = Receiver(tls=context)
    opened = open_sink(sink(**target(receiver.url), ca_file=str(tmp_path / "ca.pem")), Secret(KEY), SystemClock())

    with pytest.raises(SinkBusyError) as found:
        opened.deliver(PARCELS)

    opened.close()
    receiver.stop()
    assert "or our clock is wrong: it shows 20" in (found.value.hint or "")


@pytest.mark.parametrize(
    ("broker", "problem"),
    [
        ("127.0.0.1:9", "Connection refused"),
        ("nowhere.invalid:9092", "Failed to resolve"),
        ("", "certificate verify failed"),
    ],
    ids=["refused", "unknown_name", "other_authority"],
)
def test_kafka_says_why_no_broker_takes_a_message(
    certificates: Callable[[str], str], tmp_path: Path, broker: str, problem: str
) -> None:
    receiver = Receiver(tls=CONTEXTS[str(tmp_path)])
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    trust = {} if broker else {"tls": True, "ca_file": str(tmp_path / "other.pem")}
    address = broker or receiver.url.removeprefix("https://")
    target = open_sink(sink(to="kafka", brokers=[address], topic="t", timeout="1s", **trust), None, SystemClock())

    (verdict,) = target.deliver(PARCELS[:1])

    target.close()
    receiver.stop()
    assert verdict.fate is Fate.BUSY
    assert problem in verdict.reason


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for settings in (
        {"to": "http", "url": "https://127.0.0.1:9"},
        {"to": "opensearch", "urls": ["https://127.0.0.1:9"]},
        {"to": "elasticsearch", "urls": ["https://127.0.0.1:9"]},
    ):
        with pytest.raises(SetupError, match="a certificate can't be used"):
            open_sink(sink(**settings, ca_file=str(tmp_path / "ca.pem")), None, SystemClock())
