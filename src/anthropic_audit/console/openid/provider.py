"""An identity provider: its login URL, and the user that a callback identifies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlencode

from anthropic_audit.ports import Clock
from anthropic_audit.redact import Secret
from anthropic_audit.settings import OpenIdSettings

from .cache import CachedDocument
from .claims import Expected, check_claims
from .doubts import Disbelief, disbelieved
from .http import Fetcher
from .pending_logins import Attempt
from .responses import (
    Callback,
    Metadata,
    TokenResponse,
    answered,
    check_callback,
    read_json,
    read_keys,
    read_metadata,
    read_tokens,
)
from .roles import SignedInUser, needs_userinfo, recognise
from .signatures import Header, Jwk, choose, read_header, signed_claims

_DISCOVERY: Final = "/.well-known/openid-configuration"
_GOOD: Final = 200
_MAX_REQUESTS: Final = 5
"""Largest number of requests of one login: discovery, code, keys, keys again, and userinfo."""


class Provider:
    """An OpenID Connect provider.

    Args:
        settings: The provider, and the users and groups with access.
        secret: The client secret.
        clock: The time of day.
        callback: The redirect URI.

    Raises:
        SetupError: The proxy or the CA file can't be used.
    """

    def __init__(self, settings: OpenIdSettings, secret: Secret, clock: Clock, callback: str) -> None:
        self._settings = settings
        self._secret = secret
        self._clock = clock
        self._callback = callback
        self._fetcher = Fetcher(settings, clock.check)
        self.login_timeout_seconds = _MAX_REQUESTS * settings.timeout.total_seconds()
        """Upper bound on the time of all requests of one login."""
        self._metadata = CachedDocument(clock, self._read_metadata)
        self._keys = CachedDocument(clock, self._read_keys)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fetcher.close()

    def login_url(self, attempt: Attempt) -> str:
        """Return the URL that a browser is redirected to for a login.

        Raises:
            ProviderError: The provider can't be reached, or its discovery document can't be used.
        """
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": self._callback,
            "scope": " ".join(self._settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        url = self._metadata.value().authorization
        return f"{url}{'&' if '?' in url else '?'}{urlencode(asked)}"

    def identify(self, callback: Callback, attempt: Attempt) -> SignedInUser:
        """Return the user that a callback identifies.

        Raises:
            LoginRefusedError: The provider refuses the login, or its response is rejected.
            ProviderError: The provider can't be reached, or its response is not as specified.
        """
        metadata = self._metadata.value()
        check_callback(callback, metadata, self._settings.issuer)
        tokens = self._exchange(metadata, callback.code, attempt)
        claims = self._verified_claims(tokens, attempt)
        if metadata.userinfo and tokens.access and needs_userinfo(self._settings, claims):
            claims = {**self._userinfo(metadata, tokens, str(claims["sub"])), **claims}
        return recognise(self._settings, claims)

    def _exchange(self, metadata: Metadata, code: str, attempt: Attempt) -> TokenResponse:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._callback,
            "code_verifier": attempt.verifier,
        }
        name = self._settings.client_id
        if metadata.wants_basic:
            answer = self._fetcher.post(metadata.token, form, basic=(name, self._secret))
        else:
            mine = {"client_id": name, "client_secret": self._secret.reveal()}
            answer = self._fetcher.post(metadata.token, {**form, **mine})
        return read_tokens(answer.status, answer.body)

    def _verified_claims(self, tokens: TokenResponse, attempt: Attempt) -> Mapping[str, Any]:
        """Return the claims of the ID token after checking its signature, audience and login."""
        header = read_header(tokens.identity)
        claims = signed_claims(tokens.identity, self._key(header))
        expected = Expected(
            issuer=self._settings.issuer,
            client_id=self._settings.client_id,
            nonce=attempt.nonce,
            algorithm=header.algorithm,
            access_token=tokens.access,
        )
        check_claims(claims, expected, self._clock.now())
        return claims

    def _key(self, header: Header) -> Jwk:
        """Return the key that signed a token; load the keys again if it is unknown, as providers rotate theirs."""
        key = choose(header, self._keys.value()) or choose(header, self._keys.reload())
        if key is None:
            raise disbelieved(Disbelief.KEY)
        return key

    def _userinfo(self, metadata: Metadata, tokens: TokenResponse, subject: str) -> Mapping[str, Any]:
        """Return the claims of the userinfo endpoint."""
        answer = self._fetcher.get(metadata.userinfo, token=Secret(tokens.access))
        if answer.status != _GOOD:
            raise answered(answer.status)
        claims = read_json(answer.body)
        if claims.get("sub") != subject:
            raise disbelieved(Disbelief.OTHER_USER)
        return claims

    def _read_metadata(self) -> Metadata:
        return read_metadata(self._document(self._settings.issuer.rstrip("/") + _DISCOVERY), self._settings.issuer)

    def _read_keys(self) -> Sequence[Jwk]:
        return read_keys(self._document(self._metadata.value().keys))

    def _document(self, url: str) -> bytes:
        answer = self._fetcher.get(url)
        if answer.status != _GOOD:
            raise answered(answer.status)
        return answer.body
