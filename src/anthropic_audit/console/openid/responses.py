"""Responses of a provider and callbacks of browsers, parsed and validated; pure.

No message repeats received text: it could be a secret, or written by an attacker.
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
    """Endpoints and features of a provider, from its discovery document."""

    authorization: str
    token: str
    keys: str
    userinfo: str
    """Empty if there is none."""
    wants_basic: bool
    """Whether the client secret is sent as basic authentication instead of in the form."""
    names_itself: bool
    """Whether callbacks name their issuer (RFC 9207)."""


@dataclass(frozen=True, slots=True)
class TokenResponse:
    """The tokens that a code was exchanged for."""

    identity: str
    access: str
    """Empty if there is none."""


@dataclass(frozen=True, slots=True)
class Callback:
    """The parameters of a callback; empty if missing."""

    state: str
    code: str
    error: str
    issuer: str


def read_json(body: bytes) -> Mapping[str, Any]:
    """Parse a JSON object.

    Raises:
        ProviderError: The body is invalid.
    """
    try:
        value = orjson.loads(body)
    except ValueError as error:
        raise _unreadable() from error
    if not isinstance(value, dict):
        raise _unreadable()
    return value


def read_metadata(body: bytes, issuer: str) -> Metadata:
    """Parse a discovery document.

    Raises:
        ProviderError: It is invalid, names another issuer, or names an endpoint without HTTPS.
    """
    fields = read_json(body)
    if fields.get("issuer") != issuer:
        message = "the identity provider's discovery document names another issuer"
        raise ProviderError(message, hint=f"set `console.openid.issuer` to the `issuer` in that document; {_ASK}")
    methods = _words(fields.get("token_endpoint_auth_methods_supported")) or ["client_secret_basic"]
    if not {"client_secret_basic", "client_secret_post"} & set(methods):
        message = "the identity provider doesn't accept a client secret"
        raise ProviderError(message, hint=_ASK)
    is_local = issuer.startswith("http:")
    return Metadata(
        authorization=_endpoint(fields, "authorization_endpoint", is_local=is_local),
        token=_endpoint(fields, "token_endpoint", is_local=is_local),
        keys=_endpoint(fields, "jwks_uri", is_local=is_local),
        userinfo=_endpoint(fields, "userinfo_endpoint", is_local=is_local) if fields.get("userinfo_endpoint") else "",
        wants_basic="client_secret_basic" in methods,
        names_itself=fields.get("authorization_response_iss_parameter_supported") is True,
    )


def read_keys(body: bytes) -> Sequence[Mapping[str, Any]]:
    """Parse a JSON Web Key Set.

    Raises:
        ProviderError: The body is invalid.
    """
    keys = read_json(body).get("keys")
    if not isinstance(keys, list):
        raise _unreadable()
    return [key for key in keys if isinstance(key, dict)]


def read_tokens(status: int, body: bytes) -> TokenResponse:
    """Parse the response of the token endpoint.

    Raises:
        LoginRefusedError: The provider does not accept the code.
        ProviderError: The provider does not accept the client secret, or the response is invalid.
    """
    if status != _GOOD:
        raise _refused_code(status, body)
    fields = read_json(body)
    identity, access = fields.get("id_token"), fields.get("access_token", "")
    if not isinstance(identity, str) or not isinstance(access, str):
        raise _unreadable()
    return TokenResponse(identity, access)


def read_callback(parameters: Sequence[tuple[str, str]]) -> Callback:
    """Parse the parameters of a callback; a repeated parameter does not come from the provider.

    Raises:
        LoginRefusedError: A parameter is repeated, or the state is missing.
    """
    names = [name for name, _ in parameters]
    fields = dict(parameters)
    known = ("state", "code", "error", "iss")
    if any(names.count(name) > 1 for name in known) or not fields.get("state"):
        message = "this is not a response of an identity provider"
        raise LoginRefusedError(message, hint=_AGAIN)
    return Callback(*(fields.get(name, "") for name in known))


def check_callback(callback: Callback, metadata: Metadata, issuer: str) -> None:
    """Validate a callback.

    Raises:
        LoginRefusedError: The provider refused the login, the issuer is another one, or there is no code.
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
    """Return the error for a response with an unexpected status."""
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


def _endpoint(fields: Mapping[str, Any], name: str, *, is_local: bool) -> str:
    url = fields.get(name)
    if not isinstance(url, str) or not is_protected(url) or (url.startswith("http:") and not is_local):
        message = f"the identity provider's discovery document names no usable `{name}`"
        raise ProviderError(message, hint=_ASK)
    return url


def _words(value: object) -> Sequence[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _unreadable() -> ProviderError:
    message = "the identity provider's response can't be read"
    return ProviderError(message, hint=f"try again; if that doesn't help, {_ASK}")
