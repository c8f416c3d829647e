"""Settings of login by OpenID Connect: valid ones, refused ones, and the location of the secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from anthropic_audit.errors import SetupError
from anthropic_audit.settings import OpenIdSettings, is_protected, map_names
from anthropic_audit.settings_loader import load, resolve_client_secret

RIGHT = {
    "issuer": "https://login.acme.example",
    "client_id": "console",
    "client_secret_file": "/run/secrets/console",
    "investigators": ["anna@acme.example"],
}
FROM_ENVIRONMENT = OpenIdSettings.model_validate({**RIGHT, "client_secret_file": "", "client_secret_env": "SECRET"})


def written(**changes: object) -> str:
    told = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
    return "\n".join(["[console.openid]", *(f"{name} = {value!r}" for name, value in told.items())])


def complaint(**changes: object) -> str:
    with pytest.raises(SetupError) as caught:
        load(written(**changes), {}, {}, Path("audit.toml"))
    return str(caught.value)


def test_an_issuer_a_client_and_somebody_who_may_come_in_are_enough() -> None:
    openid = load(written(), {}, {}).settings.console.openid

    assert (openid.is_set, openid.host, openid.claim) == (True, "login.acme.example", "email")


def test_without_an_issuer_nobody_logs_in_this_way() -> None:
    assert not load("", {}, {}).settings.console.openid.is_set


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"issuer": None}, "issuer is missing"),
        ({"issuer": "http://login.acme.example"}, "issuer must be an https URL"),
        ({"issuer": "login.acme.example"}, "issuer must be an https URL"),
        ({"issuer": "https://user:pw@login.acme.example"}, "issuer must be an https URL"),
        ({"issuer": "https://login.acme.example?tenant=1"}, "issuer must be an https URL"),
        ({"issuer": "https://login.acme.example#x"}, "issuer must be an https URL"),
        ({"client_id": None}, "client_id is missing"),
        ({"client_id": " "}, "client_id is missing"),
        ({"client_secret_file": None}, "set exactly one of client_secret_env"),
        ({"client_secret_env": "SECRET"}, "set exactly one of client_secret_env"),
        ({"scopes": ["email"]}, 'contain "openid"'),
        ({"scopes": ["openid", "a b"]}, "words without spaces"),
        ({"investigators": None}, "no user may log in"),
        ({"investigators": [""]}, "must not be empty"),
        ({"viewers": ["Anna@ACME.example"]}, "investigator and viewer: anna@acme.example"),
        ({"viewer_groups": ["x"], "investigator_groups": ["x"]}, "investigator and viewer: x"),
        ({"timeout": "0s"}, "longer than zero"),
        ({"isuer": "x"}, "did you mean `issuer`?"),
        ({"client_secret": "hunter2"}, "settings never hold secrets"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(changes: dict[str, object], said: str) -> None:
    told = complaint(**changes)

    assert said in told
    assert "console.openid" in told
    assert "hunter2" not in told
    assert "user:pw" not in told


@pytest.mark.parametrize(
    ("url", "is_so"),
    [
        ("https://login.acme.example/realms/one", True),
        ("https://login.acme.example:8443", True),
        ("http://127.0.0.1:9400", True),
        ("http://[::1]:9400", True),
        ("http://localhost", True),
        ("http://localhost.acme.example", False),
        ("http://127.0.0.1.acme.example", False),
        ("http://127.0.0.1@acme.example", False),
        ("http://acme.example", False),
        ("ftp://127.0.0.1", False),
        ("https://", False),
        ("https://acme.example:x", False),
        ("https://acme.example:0", False),
        ("https://acme.example/#x", False),
        ("https://acme.example/a b", False),
        ("https://acme.example\\@evil.example", False),
        ("https://аcme.example", False),  # noqa: RUF001 - another alphabet's letter
        ("https://[", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_only_what_nobody_can_read_on_the_way_is_protected(url: str, is_so: bool) -> None:
    assert is_protected(url) == is_so


def test_addresses_are_compared_without_case_and_no_other_sign_becomes_a_letter() -> None:
    assert map_names(["Anna@ACME.example"], "email") == ["anna@acme.example"]
    assert map_names(["\N{KELVIN SIGN}im@acme.example"], "email") == ["\N{KELVIN SIGN}im@acme.example"]
    assert map_names(["Anna"], "preferred_username") == ["Anna"]


def test_the_secret_is_found_where_the_settings_say(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("s3cret\n")
    path.chmod(0o600)
    from_file = OpenIdSettings.model_validate({**RIGHT, "client_secret_file": str(path)})

    kept = resolve_client_secret(from_file, {})
    path.chmod(0o644)
    open_to_all = resolve_client_secret(from_file, {})

    assert (kept.secret.reveal(), kept.warning) == ("s3cret", None)
    assert "chmod 600" in str(open_to_all.warning)
    assert resolve_client_secret(FROM_ENVIRONMENT, {"SECRET": "other"}).secret.reveal() == "other"


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_secret_that_is_empty_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret").write_text(text)

    with pytest.raises(SetupError, match="has no secret"):
        resolve_client_secret(OpenIdSettings.model_validate({**RIGHT, "client_secret_file": f"{tmp_path}/secret"}), {})


def test_a_secret_that_is_not_there_is_told_with_where_it_was_looked_for() -> None:
    with pytest.raises(SetupError, match="the file can't be read: /run/secrets/console"):
        resolve_client_secret(OpenIdSettings.model_validate(RIGHT), {})
    with pytest.raises(SetupError, match="environment variable not set or empty: SECRET"):
        resolve_client_secret(FROM_ENVIRONMENT, {"ANTHROPIC_ADMIN_KEY": "no secret of ours"})
