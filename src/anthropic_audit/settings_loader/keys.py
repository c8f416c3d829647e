"""From what the settings name to the key itself; what was looked at is always said, the key never."""

from __future__ import annotations

import re
import stat
import subprocess
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from anthropic_audit.errors import SetupError
from anthropic_audit.redact import Secret, redact
from anthropic_audit.settings import KEY_VARIABLES, FeedSettings, HashFields, OpenIdSettings, SinkSettings

Run = Callable[[Sequence[str]], str]
"""Runs a command and returns what it printed; raises SetupError."""

_WORKING_PREFIXES = ("sk-ant-api01-", "sk-ant-admin01-")
_USELESS_PREFIX = "sk-ant-api03-"
_WHICH_KEYS = (
    "the Activity Feed takes a Compliance Access Key (`sk-ant-api01-…`, made in claude.ai, Organization settings) "
    "or an Admin API key (`sk-ant-admin01-…`, made in Claude Console, Settings)"
)
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_COMMAND_SECONDS = 30.0
_SHOWN_OUTPUT = 300
_MIN_HASH_KEY_CHARS = 16


@dataclass(frozen=True, slots=True)
class ResolvedKey:
    """A key with the place it was found in."""

    secret: Secret
    origin: str
    warning: str | None = None
    """What is unwise about the place or the key, or None."""


def run_command(words: Sequence[str]) -> str:
    """Run a command and return what it printed.

    Raises:
        SetupError: It is missing, fails, or takes longer than half a minute.
    """
    name = redact(words[0])
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own settings name the command
            list(words), capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        message = f"the key's command can't be run: {name}: {error.strerror or error}"
        raise SetupError(message, hint="a command is a list of words, the first names a program") from error
    except subprocess.TimeoutExpired as error:
        message = f"the key's command gave no answer within {_COMMAND_SECONDS:.0f} s: {name}"
        raise SetupError(message, hint="run it by hand: it must not ask questions") from error
    except UnicodeDecodeError as error:
        message = f"the key's command printed something that is no text: {name}"
        raise SetupError(message) from error
    if done.returncode != 0:
        said = redact(done.stderr.strip()[-_SHOWN_OUTPUT:])
        message = f"the key's command failed with exit code {done.returncode}: {name}" + (f": {said}" if said else "")
        raise SetupError(message, hint="run it by hand as the same user")
    return done.stdout


def resolve_keys(
    feeds: Iterable[FeedSettings], environ: Mapping[str, str], run: Run = run_command
) -> dict[str, ResolvedKey]:
    """Find the key of every feed, by the feed's name.

    Raises:
        SetupError: With what is wrong at each feed that has no usable key.
    """
    keys: dict[str, ResolvedKey] = {}
    errors: list[SetupError] = []
    for feed in feeds:
        try:
            keys[feed.name] = resolve_key(feed, environ, run)
        except SetupError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        message = "\n  ".join([f"{len(errors)} feeds have no usable key:", *map(str, errors)])
        raise SetupError(message, hint=errors[0].hint)
    return keys


def resolve_hash_key(processor: HashFields, environ: Mapping[str, str], run: Run = run_command) -> Secret:
    """Find the key of a processor that hashes.

    Raises:
        SetupError: There is none, or one that is too short to keep hashes from being guessed.
    """
    place = _KeyLocation("a processor `hash_fields`", processor.key_env, processor.key_file, processor.key_command)
    text, origin, _ = place.read(environ, run, hint="set the variable, or name key_file or key_command")
    key = text.strip()
    if len(key) < _MIN_HASH_KEY_CHARS:
        message = f"the key of a processor `hash_fields` is shorter than {_MIN_HASH_KEY_CHARS} signs: {origin}"
        raise SetupError(
            message, hint="make one with `openssl rand -hex 32`, and keep it: other keys give other hashes"
        )
    return Secret(key)


def resolve_sink_secret(sink: SinkSettings, environ: Mapping[str, str], run: Run = run_command) -> ResolvedKey | None:
    """Find the secret of a sink, or None when its settings name no place of one.

    Raises:
        SetupError: There is none at that place, or one that can't be sent.
    """
    if not sink.has_secret:
        return None
    place = _KeyLocation(f"sink `{sink.name}`", sink.secret_env, sink.secret_file, sink.secret_command)
    text, origin, warning = place.read(environ, run, hint="set the variable, or name secret_file or secret_command")
    hint = "put the key, the password or the token there, and nothing else"
    if not text.strip():
        message = f"sink `{sink.name}` has no secret: {origin} is empty"
        raise SetupError(message, hint=hint)
    if _is_token(sink) and not _SENDABLE.fullmatch(text.strip()):
        message = f"sink `{sink.name}` has a secret with spaces, line breaks or signs that no token has: {origin}"
        raise SetupError(message, hint=hint)
    return ResolvedKey(Secret(text.strip()), origin, warning)


def resolve_client_secret(openid: OpenIdSettings, environ: Mapping[str, str], run: Run = run_command) -> ResolvedKey:
    """Find the secret by which the console proves to an OpenID Connect provider who it is.

    Raises:
        SetupError: There is none at the place that the settings name.
    """
    place = _KeyLocation(
        "`console.openid`", openid.client_secret_env, openid.client_secret_file, openid.client_secret_command
    )
    hint = "set the variable, or name client_secret_file or client_secret_command"
    text, origin, warning = place.read(environ, run, hint)
    if not text.strip():
        message = f"`console.openid` has no secret: {origin} is empty"
        raise SetupError(message, hint="put the client's secret there, and nothing else")
    return ResolvedKey(Secret(text.strip()), origin, warning)


def _is_token(sink: SinkSettings) -> bool:
    """Say whether a secret is sent as it is, in a header."""
    return sink.to in ("splunk_hec", "otlp") or getattr(sink, "auth", "") in ("api_key", "bearer")


def resolve_key(feed: FeedSettings, environ: Mapping[str, str], run: Run = run_command) -> ResolvedKey:
    """Find a feed's key where its settings say, else in the variables that Anthropic documents.

    Raises:
        SetupError: There is none, or one of a kind that can't read the Activity Feed; says what was looked at.
    """
    place = _KeyLocation(f"feed `{feed.name}`", feed.api_key_env, feed.api_key_file, feed.api_key_command)
    hint = f"set the variable, or name api_key_file or api_key_command; {_WHICH_KEYS}"
    text, origin, warning = place.read(environ, run, hint)
    return ResolvedKey(Secret(_checked(text.strip(), feed, origin)), origin, warning or _odd(text.strip()))


@dataclass(frozen=True, slots=True)
class _KeyLocation:
    """Where a key is said to be: one of a variable, a file and a command, else the first documented variable set."""

    owner: str
    env: str
    file: str
    command: Sequence[str]

    def read(self, environ: Mapping[str, str], run: Run, hint: str) -> tuple[str, str, str | None]:
        """Return the text there, the place in words, and what is unwise about it.

        Raises:
            SetupError: There is none.
        """
        if self.file:
            return self._from_file(Path(self.file).expanduser())
        if self.command:
            return self._from_command(run), f"the output of `{redact(self.command[0])}`", None
        names = (self.env,) if self.env else KEY_VARIABLES
        for name in names:
            if environ.get(name, "").strip():
                return environ[name], f"the environment variable {redact(name)}", None
        looked = " and ".join(redact(name) for name in names)
        message = f"{self.owner} has no key: looked at the environment, {looked}"
        raise SetupError(message, hint=hint)

    def _from_command(self, run: Run) -> str:
        try:
            return run(self.command)
        except SetupError as error:
            message = f"{self.owner} has no key: {error}"
            raise SetupError(message, hint=error.hint) from error

    def _from_file(self, path: Path) -> tuple[str, str, str | None]:
        try:
            text = path.read_text(encoding="utf-8")
            mode = path.stat().st_mode
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is no text"
            message = f"{self.owner} has no key: looked at the file {path}: {reason}"
            hint = "put the key, and nothing else, into a file that this user may read"
            raise SetupError(message, hint=hint) from error
        warning = None
        if mode & (stat.S_IRGRP | stat.S_IROTH):
            warning = f"other users of this machine can read the key in {path}: run `chmod 600 {path}`"
        return text, f"the file {path}", warning


def _checked(text: str, feed: FeedSettings, origin: str) -> str:
    if not text:
        message = f"feed `{feed.name}` has no key: {origin} is empty"
        raise SetupError(message, hint=_WHICH_KEYS)
    if text.startswith(_USELESS_PREFIX):
        message = f"feed `{feed.name}` has a key of the wrong kind (`{_USELESS_PREFIX}…`, a Claude API key): {origin}"
        raise SetupError(message, hint=_WHICH_KEYS)
    if not _SENDABLE.fullmatch(text):
        message = f"feed `{feed.name}` has a key with spaces, line breaks or characters that no key has: {origin}"
        raise SetupError(message, hint="there must be one key and nothing else")
    return text


def _odd(text: str) -> str | None:
    if text.startswith(_WORKING_PREFIXES):
        return None
    return f"the key begins as no key we know: {_WHICH_KEYS}"
