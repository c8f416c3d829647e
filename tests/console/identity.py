"""A test identity provider that responds correctly unless its attributes say otherwise."""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlsplit

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from anthropic_audit.testing import FakeClock

if TYPE_CHECKING:
    from tests.console.conftest import Served

CLIENT = "the console"
OPENID_SECRET = "se:cr&t of the client%"
PERSON = {"sub": "subject-1", "email": "Anna@ACME.example", "email_verified": True}
DISCOVERY, TOKEN, KEYS, USERINFO = "/.well-known/openid-configuration", "/token", "/keys", "/userinfo"


@dataclass(frozen=True)
class Reply:
    """A response; the body may be a sequence of pieces, and with status 0 only the body is sent."""

    status: int
    body: bytes | Callable[[], Iterator[bytes]]
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def key_of(kind: str, name: str = "one") -> Key:
    """Return a private key of a kind, the same for each name."""
    made: Mapping[str, Callable[[], Key]] = {
        "RSA": lambda: RSAKey.generate_key(2048, {"kid": name}),
        "P-256": lambda: ECKey.generate_key("P-256", {"kid": name}),
        "P-384": lambda: ECKey.generate_key("P-384", {"kid": name}),
        "P-521": lambda: ECKey.generate_key("P-521", {"kid": name}),
        "Ed25519": lambda: OKPKey.generate_key("Ed25519", {"kid": name}),
    }
    return made[kind]()


def signed(claims: Mapping[str, Any], key: Key, algorithm: str = "RS256", **header: Any) -> str:
    """Return claims signed with any algorithm of the library, even discouraged ones."""

    class Whatever(JWSRegistry):
        def get_alg(self, name: str) -> Any:
            return self.algorithms[name]

    told = {"alg": algorithm, "kid": key.kid, **header}
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode(told, dict(claims), key, registry=Whatever(strict_check_header=False))


class Provider:
    """A provider on loopback, whose attributes change its responses."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.key: Key = key_of("RSA")
        self.published: list[dict[str, Any]] = [public(self.key)]
        self.person: dict[str, Any] = dict(PERSON)
        self.discovery: dict[str, Any] = {}
        self.claims: dict[str, Any] = {}
        self.sign: Callable[[Mapping[str, Any]], str] = lambda claims: signed(claims, self.key)
        self.replies: dict[str, Reply] = {}
        self.userinfo: dict[str, Any] = {}
        self.asked: list[str] = []
        self.secrets: list[str] = [OPENID_SECRET]
        """Secrets that no page and no log may contain."""
        self.authorizations: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.ends = threading.Event()
        self._codes: dict[str, dict[str, str]] = {}
        responder = type("Responding", (Responder,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), responder)

    @property
    def url(self) -> str:
        """The issuer."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def settings(self, **more: Any) -> dict[str, Any]:
        """Return the console's settings for it."""
        named = {"issuer": self.url, "client_id": CLIENT, "client_secret_file": "/nowhere"}
        return {**named, "investigators": ["anna@acme.example"], **more}

    def authorize(self, location: str) -> str:
        """Log in the user of an authorization request, and return the URL of the callback."""
        asked = dict(parse_qsl(urlsplit(location).query))
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        self.secrets += [code, asked["state"], asked["nonce"], asked["code_challenge"]]
        return f"{asked['redirect_uri']}?code={code}&state={asked['state']}"

    def answer(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Return the response to a request."""
        self.asked.append(path)
        if path in self.replies:
            return self.replies[path]
        if path == TOKEN and method == "POST":
            return self._tokens(body, headers)
        documents = {DISCOVERY: self._discovery(), KEYS: {"keys": self.published}, USERINFO: self.userinfo}
        return as_json(documents[path]) if path in documents else Reply(404, b"")

    def _discovery(self) -> dict[str, Any]:
        told = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize?tenant=one",
            "token_endpoint": f"{self.url}{TOKEN}",
            "jwks_uri": f"{self.url}{KEYS}",
            **self.discovery,
        }
        return {name: value for name, value in told.items() if value is not None}

    def _tokens(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        form = {name: values[0] for name, values in parse_qs(body.decode(), strict_parsing=True).items()}
        self.forms.append(form)
        self.secrets.append(form["code_verifier"])
        self.authorizations.append(headers.get("authorization", ""))
        if not self._knows(form, headers.get("authorization", "")):
            return as_json({"error": "invalid_client", "error_description": OPENID_SECRET}, 401)
        asked = self._codes.pop(form["code"], None)
        if asked is None or challenge(form["code_verifier"]) != asked["code_challenge"]:
            return as_json({"error": "invalid_grant", "error_description": form["code"]}, 400)
        if form["redirect_uri"] != asked["redirect_uri"]:
            return as_json({"error": "invalid_grant"}, 400)
        now = int(self.clock.now().timestamp())
        told = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.person}
        told |= self.claims
        token = self.sign({name: value for name, value in told.items() if value is not None})
        access = "access-token-that-opens-the-userinfo"
        self.secrets += [access, *([token] if token.count(".") > 1 else [])]
        return as_json({"id_token": token, "access_token": access, "token_type": "Bearer"})

    def _knows(self, form: Mapping[str, str], authorization: str) -> bool:
        if authorization:
            name, _, secret = b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
            return (unquote_plus(name), unquote_plus(secret)) == (CLIENT, OPENID_SECRET)
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT, OPENID_SECRET)

    @contextmanager
    def serving(self) -> Iterator[Provider]:
        """Serve while the context is open."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.ends.set()
            self.stop()
            thread.join()

    def stop(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()


class Responder(BaseHTTPRequestHandler):
    """Sends the provider's responses."""

    provider: Provider

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", "0"))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.provider.answer(self.command, urlsplit(self.path).path, self.rfile.read(length), headers)
        if reply.status:
            self._head(reply)
        try:
            for part in [reply.body] if isinstance(reply.body, bytes) else reply.body():
                self.wfile.write(part)
                self.wfile.flush()
        except OSError:
            self.close_connection = True

    do_POST = do_GET  # noqa: N815 - the library's name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass

    def _head(self, reply: Reply) -> None:
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if isinstance(reply.body, bytes):
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()


def as_json(value: Any, status: int = 200) -> Reply:
    """Return a JSON response."""
    return Reply(status, json.dumps(value).encode(), {"content-type": "application/json"})


def public(key: Key, **more: Any) -> dict[str, Any]:
    """Return the public part of a key as a JSON Web Key."""
    return {**key.as_dict(private=False), **more}


def challenge(verifier: str) -> str:
    """Return the code challenge of a PKCE verifier (RFC 7636)."""
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def begin(client: httpx2.Client) -> str:
    """Begin a login, and return the URL of the redirect to the provider."""
    answer = client.get("/openid/login")
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def come_back(client: httpx2.Client, url: str) -> httpx2.Response:
    """Open the callback's URL as a browser that comes from another site."""
    return client.get(url, headers={"sec-fetch-site": "cross-site"})


def log_in(served: Served, provider: Provider) -> tuple[httpx2.Client, httpx2.Response]:
    """Log in with a new client, and return the client and the last response."""
    client = served.client()
    return client, come_back(client, provider.authorize(begin(client)))
