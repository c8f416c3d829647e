"""Layers of settings: which one wins, the origin of each value, and every error message."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anthropic_audit.errors import SetupError
from anthropic_audit.settings_loader import Loaded, load

KEY = "sk-ant-api01-TEST0000000000"
PATH = Path("anthropic-audit.toml")
TWO_FEEDS = """
archive = "./from-file"

[[feeds]]
name = "acme-eu"
interval = "7m"
api_key_env = "EU_KEY"

[[feeds]]
name = "acme-us"
api_key_env = "US_KEY"
activity_types = [
  "sso_login_failed",
]
"""


def read(
    toml: str | None = None, environ: dict[str, str] | None = None, flags: dict[str, object] | None = None
) -> Loaded:
    return load(toml, environ or {}, flags or {}, PATH)


def complaint(
    toml: str | None = None, environ: dict[str, str] | None = None, flags: dict[str, object] | None = None
) -> str:
    with pytest.raises(SetupError) as caught:
        read(toml, environ, flags)
    return str(caught.value)


def test_nothing_at_all_gives_defaults_and_no_feed() -> None:
    loaded = read()

    assert loaded.settings.archive == "./archive"
    assert loaded.settings.feeds == ()
    assert str(loaded.origin(("archive",))) == "default"


@pytest.mark.parametrize("variable", ["ANTHROPIC_COMPLIANCE_ACCESS_KEY", "ANTHROPIC_ADMIN_KEY"])
def test_a_documented_key_variable_is_enough_for_one_feed(variable: str) -> None:
    loaded = read(environ={variable: KEY})

    (feed,) = loaded.settings.feeds
    assert (feed.name, feed.api_key_env) == ("default", variable)
    assert str(loaded.origin(("feeds", 0, "api_key_env"))) == f"environment {variable}"


def test_the_compliance_key_comes_before_the_admin_key() -> None:
    loaded = read(environ={"ANTHROPIC_ADMIN_KEY": KEY, "ANTHROPIC_COMPLIANCE_ACCESS_KEY": KEY})

    assert loaded.settings.feeds[0].api_key_env == "ANTHROPIC_COMPLIANCE_ACCESS_KEY"


def test_a_key_variable_adds_no_feed_to_configured_ones() -> None:
    loaded = read(TWO_FEEDS, {"ANTHROPIC_ADMIN_KEY": KEY})

    assert [feed.name for feed in loaded.settings.feeds] == ["acme-eu", "acme-us"]


@pytest.mark.parametrize(
    ("environ", "flags", "value", "origin"),
    [
        pytest.param({}, {}, "./from-file", "file anthropic-audit.toml:2", id="file over default"),
        pytest.param(
            {"ANTHROPIC_AUDIT_ARCHIVE": "./e"},
            {},
            "./e",
            "environment ANTHROPIC_AUDIT_ARCHIVE",
            id="environment over file",
        ),
        pytest.param(
            {"ANTHROPIC_AUDIT_ARCHIVE": "./e"}, {"archive": "./f"}, "./f", "flag --archive", id="flag over all"
        ),
        pytest.param({}, {"archive": None}, "./from-file", "file anthropic-audit.toml:2", id="a flag not given"),
    ],
)
def test_the_later_layer_counts(environ: dict[str, str], flags: dict[str, object], value: str, origin: str) -> None:
    loaded = read(TWO_FEEDS, environ, flags)

    assert loaded.settings.archive == value
    assert str(loaded.origin(("archive",))) == origin


def test_a_variable_reaches_the_feed_it_names() -> None:
    loaded = read(TWO_FEEDS, {"ANTHROPIC_AUDIT_FEEDS__ACME_US__INTERVAL": "1m30s"})

    assert [feed.interval for feed in loaded.settings.feeds] == [timedelta(minutes=7), timedelta(seconds=90)]
    assert str(loaded.origin(("feeds", 1, "interval"))) == "environment ANTHROPIC_AUDIT_FEEDS__ACME_US__INTERVAL"
    assert str(loaded.origin(("feeds", 0, "interval"))) == "file anthropic-audit.toml:6"
    assert str(loaded.origin(("feeds", 1, "activity_types"))) == "file anthropic-audit.toml:12"
    assert str(loaded.origin(("feeds", 1, "batch_size"))) == "default"


def test_variables_alone_can_make_feeds() -> None:
    loaded = read(
        environ={
            "ANTHROPIC_AUDIT_FEEDS__ACME__API_KEY_FILE": "/run/secrets/key",
            "ANTHROPIC_AUDIT_FEEDS__ACME__URL": "http://127.0.0.1:1",
        }
    )

    (feed,) = loaded.settings.feeds
    assert (feed.name, feed.api_key_file, feed.url) == ("acme", "/run/secrets/key", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        pytest.param("ACTIVITY_TYPES", "a, b,", ("a", "b"), id="words between commas"),
        pytest.param("ACTIVITY_TYPES", '["a","b"]', ("a", "b"), id="JSON list"),
        pytest.param("ACTIVITY_TYPES", "", (), id="empty"),
        pytest.param("API_KEY_COMMAND", "pass show 'my key'", ("pass", "show", "my key"), id="command line"),
        pytest.param("BATCH_SIZE", "100", 100, id="number"),
        pytest.param("PRESERVE_ORIGINAL_EVENT", "true", True, id="boolean"),
    ],
)
def test_variables_are_read_by_the_type_of_the_setting(name: str, text: str, value: object) -> None:
    loaded = read(environ={f"ANTHROPIC_AUDIT_FEEDS__ACME__{name}": text})

    assert getattr(loaded.settings.feeds[0], name.lower()) == value


def test_a_feed_flag_reaches_every_feed() -> None:
    loaded = read(TWO_FEEDS, flags={"feeds.initial_interval": "30d"})

    assert {feed.initial_interval for feed in loaded.settings.feeds} == {timedelta(days=30)}
    assert str(loaded.origin(("feeds", 0, "initial_interval"))) == "flag --initial-interval"


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        pytest.param('archiv = "x"', ["anthropic-audit.toml:1", "archiv", "did you mean `archive`?"], id="top level"),
        pytest.param(
            '[[feeds]]\nname = "a"\n[[feeds]]\nname = "b"\nintervall = "5m"',
            ["anthropic-audit.toml:5", "feeds[1].intervall", "did you mean `interval`?"],
            id="in a feed",
        ),
        pytest.param(
            'interval = "5m"', ["interval", "belongs below a line `[[feeds]]`"], id="a feed's setting at the top"
        ),
        pytest.param('[feeds]\nname = "a"', ["feeds", "start each feed with `[[feeds]]`"], id="table instead of list"),
        pytest.param('[[feeds]]\ninterval = "soon"', ["feeds[0].interval", "not a duration: `soon`"], id="no duration"),
        pytest.param(
            "[[feeds]]\nbatch_size = 5001", ["feeds[0].batch_size", "less than or equal to 5000"], id="too large"
        ),
        pytest.param('[[feeds]]\nbatch_size = "many"', ["feeds[0].batch_size", "not a whole number"], id="no number"),
        pytest.param('[[feeds]]\nactivity_types = "x"', ["feeds[0].activity_types", "not a list"], id="no list"),
        pytest.param('[[feeds]]\nname = "A B"', ["feeds[0]", "lower-case letters"], id="name of a feed"),
        pytest.param(
            '[[feeds]]\nactivity_types=["a"]\nexclude_activity_types=["b"]', ["feeds[0]", "not both"], id="both filters"
        ),
        pytest.param('[[feeds]]\nname="a"\n[[feeds]]\nname="a"', ["several feeds have the same name: a"], id="twice"),
        pytest.param(
            'retention = { keep = "90d" }\n[[feeds]]\nname="a"\nbackfill="365d"',
            ["backfill must not exceed retention.keep, which would remove the history again: a"],
            id="backfill that retention removes",
        ),
        pytest.param("archive = 5", ["anthropic-audit.toml:1", "archive", "put it in quotes"], id="no text"),
    ],
)
def test_a_wrong_setting_is_named_with_its_place(toml: str, words: list[str]) -> None:
    said = complaint(toml)

    assert [word for word in words if word not in said] == []


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        pytest.param("ANTHROPIC_AUDIT_ARCHVE", "did you mean `ANTHROPIC_AUDIT_ARCHIVE`?", id="top level"),
        pytest.param(
            "ANTHROPIC_AUDIT_FEEDS__ACME_EU__INTERVALL",
            "did you mean `ANTHROPIC_AUDIT_FEEDS__ACME_EU__INTERVAL`?",
            id="setting of a feed",
        ),
        pytest.param(
            "ANTHROPIC_AUDIT_FEEDS__ACME_AU__INTERVAL", "did you mean `ANTHROPIC_AUDIT_FEEDS__ACME_US`?", id="feed"
        ),
        pytest.param("ANTHROPIC_AUDIT_FEEDS__ACME", "FEEDS__<NAME>__<SETTING>", id="no setting"),
        pytest.param("ANTHROPIC_AUDIT_FEEDS", "unknown setting", id="the list itself"),
    ],
)
def test_an_unknown_variable_is_an_error(variable: str, words: str) -> None:
    assert words in complaint(TWO_FEEDS, {variable: "x"})


def test_all_problems_of_all_layers_are_told_at_once() -> None:
    said = complaint('archiv = "x"\n[[feeds]]\nurll = "y"', {"ANTHROPIC_AUDIT_ARCHVE": "z"})

    assert said.startswith("the settings have 3 problems:")
    assert all(word in said for word in ("archiv:", "feeds[0].urll:", "ANTHROPIC_AUDIT_ARCHVE:"))


def test_variables_for_other_parts_are_no_settings() -> None:
    loaded = read(environ={"ANTHROPIC_AUDIT_CONFIG": "x", "ANTHROPIC_AUDIT_DEBUG": "1"})

    assert loaded.origins == {}


@pytest.mark.parametrize(
    ("toml", "place"),
    [
        pytest.param('archive = "a"\narchive == 2', "line 2, column", id="syntax"),
        pytest.param("[[feeds]\n", "line 1, column", id="bracket"),
        pytest.param('a = 1\nb = """never closed', "(line 2)", id="end of file"),
    ],
)
def test_a_damaged_file_is_named_with_line_and_column(toml: str, place: str) -> None:
    said = complaint(toml)

    assert "the settings file is not valid TOML: anthropic-audit.toml" in said
    assert place in said


@pytest.mark.parametrize(
    "toml",
    [
        pytest.param(f'[[feeds]]\napi_key = "{KEY}"', id="as a setting"),
        pytest.param(f'[[feeds]]\ninterval = "{KEY}"', id="in another setting"),
        pytest.param(f'"{KEY}" = 1', id="as a name"),
    ],
)
def test_a_key_in_the_file_is_never_shown(toml: str) -> None:
    said = complaint(toml)

    assert KEY not in said


def test_a_key_written_into_the_file_is_told_where_it_belongs() -> None:
    assert "api_key_env, api_key_file or api_key_command" in complaint(f'[[feeds]]\napi_key = "{KEY}"')


def test_a_feed_flag_that_no_feed_has_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="no feed has the setting"):
        read(flags={"feeds.nothing": "x"})


@given(st.text(max_size=200))
def test_any_text_is_read_or_complained_about(text: str) -> None:
    with suppress(SetupError):
        read(text)


@given(
    st.dictionaries(st.text(min_size=1, max_size=30).map(lambda name: f"ANTHROPIC_AUDIT_{name}"), st.text(max_size=30))
)
def test_any_environment_is_read_or_complained_about(environ: dict[str, str]) -> None:
    with suppress(SetupError):
        read(None, environ)


def test_variables_reach_sections() -> None:
    environ = {
        "ANTHROPIC_AUDIT_ENRICHMENT__GEOIP_FILES": "/a.mmdb, /b.mmdb",
        "ANTHROPIC_AUDIT_ENRICHMENT__USER_AGENT": "false",
    }

    loaded = load("[enrichment]\ngeoip_files = ['/c.mmdb']\n", environ, {}, Path("a.toml"))

    assert loaded.settings.enrichment.geoip_files == ("/a.mmdb", "/b.mmdb")
    assert not loaded.settings.enrichment.user_agent
    assert str(loaded.origin(("enrichment", "user_agent"))) == "environment ANTHROPIC_AUDIT_ENRICHMENT__USER_AGENT"


def test_a_file_reaches_sections() -> None:
    loaded = load("[enrichment]\ngeoip_files = ['/c.mmdb']\n", {}, {}, Path("a.toml"))

    assert loaded.settings.enrichment.geoip_files == ("/c.mmdb",)
    assert str(loaded.origin(("enrichment", "geoip_files"))) == "file a.toml:2"


@pytest.mark.parametrize(
    ("toml", "environ", "words"),
    [
        (
            "[enrichment]\ngeoip_file = ['/c']\n",
            {},
            "a.toml:2: enrichment.geoip_file: unknown setting, did you",
        ),
        ("enrichment = 5\n", {}, "a.toml:1: enrichment"),
        ("enrichment = 5\n", {"ANTHROPIC_AUDIT_ENRICHMENT__USER_AGENT": "no"}, "a.toml:1: enrichment"),
        (
            None,
            {"ANTHROPIC_AUDIT_ENRICHMENT__GEOIP": "x"},
            "did you mean `ANTHROPIC_AUDIT_ENRICHMENT__GEOIP_FILES`?",
        ),
        (None, {"ANTHROPIC_AUDIT_ENRICHMENT": "x"}, "ANTHROPIC_AUDIT_ENRICHMENT"),
        (None, {"ANTHROPIC_AUDIT_ENRICHMENTS__USER_AGENT": "x"}, "did you mean"),
        (None, {"ANTHROPIC_AUDIT_ENRICHMENT__USER_AGENT": "maybe"}, "enrichment.user_agent"),
    ],
)
def test_what_is_wrong_in_a_section_is_named(toml: str | None, environ: dict[str, str], words: str) -> None:
    with pytest.raises(SetupError) as caught:
        load(toml, environ, {}, Path("a.toml"))

    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("do = 'drop_field'", "a.toml:2: processors[0]: `do` must be one of: drop_events, drop_fields"),
        ("fields = ['x']", "a.toml:2: processors[0]: `do` must be one of"),
        (
            "do = 'drop_fields'\nfield = ['x']",
            "a.toml:3: processors[0].field: unknown setting, did you mean `fields`",
        ),
        ("do = 'drop_fields'", "set `fields`, or `personal = true`"),
        ("do = 'drop_events'", "set `when`: it selects the events to drop"),
        ("do = 'hash_fields'\npersonal = true", "set exactly one of key_env, key_file and key_command"),
        ("do = 'add_tags'", "processors[0].tags: required, but missing"),
        ("do = 'add_tags'\ntags = 'a'", "a.toml:3: processors[0].tags: not a list"),
        ("do = 'add_labels'\nlabels = 'a'", "a.toml:3: processors[0].labels: not a table"),
    ],
)
def test_what_is_wrong_in_a_processor_is_named(table: str, words: str) -> None:
    with pytest.raises(SetupError) as caught:
        load(f"[[processors]]\n{table}\n", {}, {}, Path("a.toml"))

    assert words in str(caught.value)
