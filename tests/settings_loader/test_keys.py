"""Keys: where they are read from, which are refused, and that no key is ever printed."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from anthropic_audit.errors import SetupError
from anthropic_audit.settings import FeedSettings, Settings, SinkSettings
from anthropic_audit.settings_loader import resolve_key, resolve_keys, resolve_sink_secret, run_command

KEY = "sk-ant-api01-TEST0000000000"
ADMIN = "sk-ant-admin01-TEST0000000000"
USELESS = "sk-ant-api03-TEST0000000000"


def feed(**settings: object) -> FeedSettings:
    return FeedSettings.model_validate({"name": "acme", **settings})


def key_file(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "key"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return str(path)


def complaint(settings: FeedSettings, environ: dict[str, str] | None = None) -> SetupError:
    with pytest.raises(SetupError) as caught:
        resolve_key(settings, environ or {})
    return caught.value


def test_a_key_comes_from_the_named_variable() -> None:
    key = resolve_key(feed(api_key_env="MY_KEY"), {"MY_KEY": f" {KEY}\n", "ANTHROPIC_ADMIN_KEY": ADMIN})

    assert key.secret.reveal() == KEY
    assert key.origin == "the environment variable MY_KEY"
    assert key.warning is None


def test_a_feed_that_names_no_place_uses_the_documented_variables() -> None:
    key = resolve_key(feed(), {"ANTHROPIC_ADMIN_KEY": ADMIN})

    assert key.secret.reveal() == ADMIN


def test_a_key_comes_from_a_file(tmp_path: Path) -> None:
    key = resolve_key(feed(api_key_file=key_file(tmp_path, f"{KEY}\n")), {})

    assert key.secret.reveal() == KEY
    assert key.warning is None


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_file_that_others_can_read_is_warned_about(tmp_path: Path, mode: int) -> None:
    key = resolve_key(feed(api_key_file=key_file(tmp_path, KEY, mode)), {})

    assert key.warning is not None
    assert "chmod 600" in key.warning


def test_a_key_comes_from_a_command() -> None:
    asked: list[Sequence[str]] = []

    def run(words: Sequence[str]) -> str:
        asked.append(words)
        return f"{KEY}\n"

    key = resolve_key(feed(api_key_command=["vault", "read", "audit"]), {}, run)

    assert key.secret.reveal() == KEY
    assert asked == [("vault", "read", "audit")]


@pytest.mark.parametrize(
    ("settings", "looked"),
    [
        pytest.param(feed(api_key_env="MY_KEY"), "MY_KEY", id="variable"),
        pytest.param(feed(api_key_file="/nowhere/key"), "/nowhere/key: No such file", id="file"),
        pytest.param(feed(), "ANTHROPIC_COMPLIANCE_ACCESS_KEY and ANTHROPIC_ADMIN_KEY", id="documented variables"),
        pytest.param(feed(api_key_command=["/nowhere/command"]), "/nowhere/command", id="command"),
    ],
)
def test_a_missing_key_says_what_was_looked_at(settings: FeedSettings, looked: str) -> None:
    assert looked in str(complaint(settings))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(USELESS, "wrong kind (`sk-ant-api03-…`", id="a Claude API key"),
        pytest.param("", "environment variable not set or empty", id="empty"),
        pytest.param(f"{KEY} {ADMIN}", "spaces", id="two keys"),
        pytest.param("sk-ant-api01-ä", "characters that no key has", id="not ASCII"),
    ],
)
def test_a_useless_key_is_refused_and_not_shown(text: str, words: str) -> None:
    error = complaint(feed(api_key_env="MY_KEY"), {"MY_KEY": text})

    assert words in str(error)
    assert "TEST0000" not in f"{error} {error.hint}"


def test_a_key_of_the_wrong_kind_says_which_kinds_work() -> None:
    error = complaint(feed(api_key_env="MY_KEY"), {"MY_KEY": USELESS})

    assert error.hint is not None
    assert "sk-ant-api01-" in error.hint
    assert "sk-ant-admin01-" in error.hint


def test_an_empty_key_file_is_named(tmp_path: Path) -> None:
    assert "is empty" in str(complaint(feed(api_key_file=key_file(tmp_path, "\n"))))


def test_a_key_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xff\xfe")

    assert "it is not text" in str(complaint(feed(api_key_file=str(path))))


def test_a_key_of_an_unknown_kind_is_used_and_warned_about() -> None:
    key = resolve_key(feed(api_key_env="MY_KEY"), {"MY_KEY": "something-else"})

    assert key.secret.reveal() == "something-else"
    assert key.warning is not None


def test_a_key_where_the_name_of_a_variable_belongs_is_not_shown() -> None:
    assert KEY not in str(complaint(feed(api_key_env=KEY)))


def test_every_feed_without_a_key_is_named() -> None:
    feeds = [FeedSettings(name="one", api_key_env="A"), FeedSettings(name="two", api_key_env="B")]

    with pytest.raises(SetupError) as caught:
        resolve_keys(feeds, {})

    assert all(word in str(caught.value) for word in ("`one`", "`two`", " A", " B"))


def test_keys_are_found_by_the_name_of_their_feed() -> None:
    feeds = [FeedSettings(name="one", api_key_env="A"), FeedSettings(name="two", api_key_env="B")]

    keys = resolve_keys(feeds, {"A": KEY, "B": ADMIN})

    assert {name: key.secret.reveal() for name, key in keys.items()} == {"one": KEY, "two": ADMIN}


def test_a_single_problem_keeps_its_own_hint() -> None:
    with pytest.raises(SetupError, match="feed `acme` has no key") as caught:
        resolve_keys([feed()], {})

    assert caught.value.hint is not None


def sink(**settings: object) -> SinkSettings:
    return Settings.model_validate({"sinks": [{"name": "siem", **settings}]}).sinks[0]


def test_the_secret_of_a_sink_is_found_and_its_place_told(tmp_path: Path) -> None:
    hook = {"to": "http", "url": "http://x", "auth": "hmac"}
    kept = resolve_sink_secret(sink(**hook, secret_file=key_file(tmp_path, "two words\n")), {})
    open_to_all = resolve_sink_secret(sink(**hook, secret_file=key_file(tmp_path, "sesame", 0o644)), {})

    assert resolve_sink_secret(sink(to="ndjson", folder="-"), {}) is None
    assert kept is not None
    assert (kept.secret.reveal(), kept.origin, kept.warning) == ("two words", f"the file {tmp_path / 'key'}", None)
    assert open_to_all is not None
    assert "chmod 600" in (open_to_all.warning or "")


@pytest.mark.parametrize(
    "settings",
    [
        {"to": "http", "url": "http://x", "auth": "bearer"},
        {"to": "elasticsearch", "urls": ["http://x"], "auth": "api_key"},
        {"to": "splunk_hec", "url": "http://x"},
        {"to": "otlp", "url": "http://x"},
    ],
    ids=lambda settings: settings["to"],
)
@pytest.mark.parametrize("text", ["", "first\nsecond", "ünïcode"])
def test_a_token_that_no_header_can_hold_is_refused(settings: dict[str, object], text: str) -> None:
    with pytest.raises(SetupError, match="sink `siem` has") as caught:
        resolve_sink_secret(sink(**settings, secret_command=["vault"]), {}, lambda _: text)

    assert text.strip() == "" or text not in str(caught.value)


def test_a_command_that_fails_tells_its_own_words_without_the_key() -> None:
    script = f"import sys; sys.stderr.write('locked {KEY}'); sys.exit(7)"

    with pytest.raises(SetupError, match="exit code 7") as caught:
        run_command([sys.executable, "-c", script])

    assert "locked" in str(caught.value)
    assert KEY not in str(caught.value)


def test_a_command_that_prints_no_text_is_refused() -> None:
    with pytest.raises(SetupError, match="not text"):
        run_command([sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'\\xff\\xfe')"])


def test_what_a_command_prints_is_the_key() -> None:
    assert run_command([sys.executable, "-c", "print('secret')"]) == "secret\n"
