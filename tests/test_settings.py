from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from anthropic_audit.model import Filters
from anthropic_audit.settings import FeedSettings, Settings


def test_durations_are_read_as_people_write_them() -> None:
    feed = FeedSettings.model_validate({"interval": "90s", "initial_interval": timedelta(days=2)})

    assert (feed.interval, feed.initial_interval) == (timedelta(seconds=90), timedelta(days=2))
    assert feed.model_dump(mode="json")["interval"] == "1m30s"


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ({"interval": "often"}, "not a duration"),
        ({"interval": "0s"}, "interval must be longer than zero"),
        ({"initial_interval": "0s"}, "initial_interval must be longer than zero"),
        ({"initial_interval": "1m"}, "longer than settle"),
        ({"http_client_timeout": "0s"}, "http_client_timeout must be longer than zero"),
        ({"name": "Acme Inc."}, "the name of a feed"),
        ({"name": ""}, "the name of a feed"),
        ({"activity_types": ["a"], "exclude_activity_types": ["b"]}, "not both"),
        ({"api_key_env": "A", "api_key_file": "b"}, "set only one of"),
        ({"batch_size": 0}, "greater than or equal to 1"),
        ({"batch_size": 5001}, "less than or equal to 5000"),
        ({"intervall": "5m"}, "Extra inputs"),
    ],
)
def test_what_can_not_work_is_refused(written: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        FeedSettings.model_validate(written)


def test_two_feeds_need_two_names() -> None:
    with pytest.raises(ValidationError, match="same name: acme"):
        Settings.model_validate({"feeds": [{"name": "acme"}, {"name": "acme"}, {"name": "other"}]})


def test_settings_do_not_change() -> None:
    settings = Settings.model_validate({"archive": "./here"})

    with pytest.raises(ValidationError, match="frozen"):
        settings.archive = "./there"  # type: ignore[misc] # that is what is tried


@pytest.mark.parametrize(
    ("filters", "key"),
    [
        (Filters(), "{}"),
        (Filters(actor_ids=("b", "a", "b")), '{"actor_ids":["a","b"]}'),
        (FeedSettings(activity_types=("x",)).filters, '{"activity_types":["x"]}'),
    ],
)
def test_the_same_filters_have_the_same_key(filters: Filters, key: str) -> None:
    assert filters.key() == key


@pytest.mark.parametrize(
    "url",
    [
        *(
            "",
            "x",
            "x:9200",
            "//x",
            "ftp://x",
            "http://",
            "https://:9200",
            "http://x:port",
            "http://x:99999",
            "http://[::1",
        ),
        *("http://two words/", "http://x/\n", "http://a..b/", "https://us:word@x", "https://us@x", "http://us:wo/rd@x"),
    ],
)
def test_what_is_no_url_of_a_sink_is_refused_and_not_shown(url: str) -> None:
    with pytest.raises(ValidationError, match="URL") as caught:
        Settings.model_validate({"sinks": [{"name": "a", "to": "otlp", "url": url}]})

    assert "word" not in str(caught.value).replace("password", "")


@pytest.mark.parametrize(
    "url", ["http://x", "HTTPS://x:1/y?z#@", "http://127.0.0.1:4318/v1/logs", "http://[::1]:9200", "https://ü.example."]
)
def test_urls_are_kept_as_they_are_written(url: str) -> None:
    (sink,) = Settings.model_validate({"sinks": [{"name": "a", "to": "otlp", "url": url}]}).sinks

    assert getattr(sink, "url", "") == url
