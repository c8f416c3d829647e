"""What a provider and a browser say, read and compared with what may be said; pure.

No message repeats what was received: it could be a secret, or a text that somebody else wrote.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from anthropic_audit.errors import AuditError, LoginRefusedError, ProviderError
from anthropic_audit.settings import is_protected

_GOOD: Final = 200
_DENIED: Final = frozenset({"access_denied", "login_required", "consent_required", "interaction_required"})
_OF_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
_AGAIN: Final = "log in again"
_ASK: Final = "ask the operator of this console to check that the settings below `console.openid` match the provider"


@dataclass(frozen=True, slots=True)
class Metadata:
    """Where a provider is asked, as its discovery document says."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    """Empty if there is none."""
    wants_basic: bool
    """Whether the client's secret goes into a header; else it goes into the form."""
    names_itself: bool
    """Whether each answer by way of the browser says whose it is (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """What a code was exchanged for."""

    identity: str
    access: str
    """Empty if there is none."""


@dataclass(frozen=True, slots=True)
class Callback:
    """What a browser brings back from the provider."""

    state: str
    code: str
    error: str
    issuer: str


def read_json(body: bytes) -> Mapping[str, Any]:
    """Read a table.

    Raises:
        ProviderError: It is none.
    """
    try:
        value = orjson.loads(body)
    except ValueError as error:
        raise _unreadable() from error
    if not isinstance(value, dict):
        raise _unreadable()
    return value


def read_metadata(body: bytes, issuer: str) -> Metadata:
    """Read a discovery document.

    Raises:
        ProviderError: It is none, it is another issuer's, or the traffic with what it names could be read on the way.
    """
    told = read_json(body)
    if told.get("issuer") != issuer:
        message = "the identity provider's discovery document names another issuer"
        raise ProviderError(message, hint=f"set `console.openid.issuer` to the `issuer` in that document; {_ASK}")
    methods = _words(told.get("token_endpoint_auth_methods_supported")) or ["client_secret_basic"]
    if not {"client_secret_basic", "client_secret_post"} & set(methods):
        message = "the identity provider doesn't accept a client secret"
        raise ProviderError(message, hint=_ASK)
    is_local = issuer.startswith("http:")
    return Metadata(
        authorization=_endpoint(told, "authorization_endpoint", is_local=is_local),
        token=_endpoint(told, "token_endpoint", is_local=is_local),
        keys=_endpoint(told, "jwks_uri", is_local=is_local),
        userinfo=_endpoint(told, "userinfo_endpoint", is_local=is_local) if told.get("userinfo_endpoint") else "",
        wants_basic="client_secret_basic" in methods,
        names_itself=told.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(body: bytes) -> Sequence[Mapping[str, Any]]:
    """Read a set of keys.

    Raises:
        ProviderError: It is none.
    """
    keys = read_json(body).get("keys")
    if not isinstance(keys, list):
        raise _unreadable()
    return [key for key in keys if isinstance(key, dict)]


def read_tokens(status: int, body: bytes) -> TokenResponse:
    """Read what a code was exchanged for.

    Raises:
        LoginRefusedError: The provider does not take the code.
        ProviderError: It does not take our secret, or the answer is none.
    """
    if status != _GOOD:
        raise _refused_code(status, body)
    told = read_json(body)
    identity, access = told.get("id_token"), told.get("access_token", "")
    if not isinstance(identity, str) or not isinstance(access, str):
        raise _unreadable()
    return TokenResponse(identity, access)


def read_callback(parameters: Sequence[tuple[str, str]]) -> Callback:
    """Read what a browser brings back; whatever is said twice was not said by the provider.

    Raises:
        LoginRefusedError: It is no answer of a provider's.
    """
    names = [name for name, _ in parameters]
    told = dict(parameters)
    known = ("state", "code", "error", "iss")
    if any(names.count(name) > 1 for name in known) or not told.get("state"):
        message = "this is not a response of an identity provider"
        raise LoginRefusedError(message, hint=_AGAIN)
    return Callback(*(told.get(name, "") for name in known))


def check_callback(callback: Callback, metadata: Metadata, issuer: str) -> None:
    """Compare what a browser brings back with what the provider may say.

    Raises:
        LoginRefusedError: The provider refuses, it is another one, or there is no code.
    """
    if (callback.issuer or metadata.names_itself) and callback.issuer != issuer:
        message = "this is the response of another identity provider"
        raise LoginRefusedError(message, hint=_AGAIN)
    if callback.error:
        said = f": {callback.error}" if callback.error in _DENIED else ""
        message = f"the identity provider did not log you in{said}"
        raise LoginRefusedError(message, hint=f"{_AGAIN}, or ask the provider's administrator")
    if not callback.code:
        message = "the identity provider's response has no code"
        raise LoginRefusedError(message, hint=_AGAIN)


def answered(status: int) -> ProviderError:
    """Say that the provider answered with a status that is no yes."""
    message = f"the identity provider answered {status}"
    return ProviderError(message, hint=f"try again; if that doesn't help, {_ASK}")


def _refused_code(status: int, body: bytes) -> AuditError:
    try:
        code = read_json(body).get("error")
    except ProviderError:
        code = None
    if code == "invalid_grant":
        message = "the identity provider doesn't accept the code that it issued"
        return LoginRefusedError(message, hint=_AGAIN)
    if code in _OF_CLIENT:
        message = "the identity provider doesn't accept this console's client_id and secret"
        return ProviderError(message, hint=_ASK)
    return answered(status)


def _endpoint(told: Mapping[str, Any], name: str, *, is_local: bool) -> str:
    url = told.get(name)
    if not isinstance(url, str) or not is_protected(url) or (url.startswith("http:") and not is_local):
        message = f"the identity provider's discovery document names no usable `{name}`"
        raise ProviderError(message, hint=_ASK)
    return url


def _words(value: object) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _unreadable() -> ProviderError:
    message = "the identity provider's response can't be read"
    return ProviderError(message, hint=f"try again; if that doesn't help, {_ASK}")
