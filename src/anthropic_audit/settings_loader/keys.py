"""Read keys and secrets from the locations that the settings name; errors name the location, never the key."""

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
"""Runs a command (a list of arguments) and returns its standard output; raises SetupError."""

_WORKING_PREFIXES = ("sk-ant-api01-", "sk-ant-admin01-")
_USELESS_PREFIX = "sk-ant-api03-"
_WHICH_KEYS = (
    "the Activity Feed accepts a Compliance Access Key (`sk-ant-api01-…`, made in claude.ai, Organization settings) "
    "or an Admin API key (`sk-ant-admin01-…`, made in Claude Console, Settings)"
)
_SENDABLE = re.compile(r"[\x21-\x7e]+")
_COMMAND_SECONDS = 30.0
_MAX_OUTPUT_CHARS = 300
_MIN_HASH_KEY_CHARS = 16


@dataclass(frozen=True, slots=True)
class ResolvedKey:
    """A key, and the location it was read from."""

    secret: Secret
    origin: str
    warning: str | None = None
    """A warning about the location or the key, or None."""


def run_command(words: Sequence[str]) -> str:
    """Run a command and return its standard output.

    Raises:
        SetupError: The command is missing, fails, or takes longer than 30 seconds.
    """
    name = redact(words[0])
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own settings name the command
            list(words), capture_output=True, text=True, timeout=_COMMAND_SECONDS, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        message = f"the key's command can't be run: {name}: {error.strerror or error}"
        raise SetupError(message, hint="a command is a list of arguments; the first one names a program") from error
    except subprocess.TimeoutExpired as error:
        message = f"the key's command did not end within {_COMMAND_SECONDS:.0f} s: {name}"
        raise SetupError(message, hint="run it by hand: it must not wait for input") from error
    except UnicodeDecodeError as error:
        message = f"the key's command printed something that is not text: {name}"
        raise SetupError(message) from error
    if done.returncode != 0:
        said = redact(done.stderr.strip()[-_MAX_OUTPUT_CHARS:])
        message = f"the key's command failed with exit code {done.returncode}: {name}" + (f": {said}" if said else "")
        raise SetupError(message, hint="run it by hand as the same user")
    return done.stdout


def resolve_keys(
    feeds: Iterable[FeedSettings], environ: Mapping[str, str], run: Run = run_command
) -> dict[str, ResolvedKey]:
    """Return the key of every feed, by the feed's name.

    Raises:
        SetupError: Feeds have no usable key; the message says for each one why.
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
    """Return the key of a processor `hash_fields`.

    Raises:
        SetupError: The key is missing, or too short to protect hashes from guessing.
    """
    location = _KeyLocation("a processor `hash_fields`", processor.key_env, processor.key_file, processor.key_command)
    text, origin, _ = location.read(environ, run, hint="set the variable, or name key_file or key_command")
    key = text.strip()
    if len(key) < _MIN_HASH_KEY_CHARS:
        message = f"the key of a processor `hash_fields` is shorter than {_MIN_HASH_KEY_CHARS} characters: {origin}"
        raise SetupError(
            message, hint="make one with `openssl rand -hex 32`, and keep it: another key gives other hashes"
        )
    return Secret(key)


def resolve_sink_secret(sink: SinkSettings, environ: Mapping[str, str], run: Run = run_command) -> ResolvedKey | None:
    """Return the secret of a sink, or None if its settings name no location of one.

    Raises:
        SetupError: The secret is missing at its location, or has characters that can't be sent.
    """
    if not sink.has_secret:
        return None
    location = _KeyLocation(f"sink `{sink.name}`", sink.secret_env, sink.secret_file, sink.secret_command)
    text, origin, warning = location.read(environ, run, hint="set the variable, or name secret_file or secret_command")
    hint = "it must hold only the key, the password or the token"
    if not text.strip():
        message = f"sink `{sink.name}` has no secret: {origin} is empty"
        raise SetupError(message, hint=hint)
    if sink.sends_token and not _SENDABLE.fullmatch(text.strip()):
        message = (
            f"the secret of sink `{sink.name}` has spaces, line breaks or other characters that no token has: {origin}"
        )
        raise SetupError(message, hint=hint)
    return ResolvedKey(Secret(text.strip()), origin, warning)


def resolve_client_secret(openid: OpenIdSettings, environ: Mapping[str, str], run: Run = run_command) -> ResolvedKey:
    """Return the client secret with which the console authenticates to its OpenID Connect provider.

    Raises:
        SetupError: The secret is missing at the location that the settings name.
    """
    location = _KeyLocation(
        "`console.openid`", openid.client_secret_env, openid.client_secret_file, openid.client_secret_command
    )
    hint = "set the variable, or name client_secret_file or client_secret_command"
    text, origin, warning = location.read(environ, run, hint)
    if not text.strip():
        message = f"`console.openid` has no secret: {origin} is empty"
        raise SetupError(message, hint="it must hold only the client's secret")
    return ResolvedKey(Secret(text.strip()), origin, warning)


def resolve_key(feed: FeedSettings, environ: Mapping[str, str], run: Run = run_command) -> ResolvedKey:
    """Return a feed's key, from the location in its settings or from the variables that Anthropic documents.

    Raises:
        SetupError: The key is missing, or of a kind that can't read the Activity Feed; the message names the location.
    """
    location = _KeyLocation(f"feed `{feed.name}`", feed.api_key_env, feed.api_key_file, feed.api_key_command)
    hint = f"set the variable, or name api_key_file or api_key_command; {_WHICH_KEYS}"
    text, origin, warning = location.read(environ, run, hint)
    return ResolvedKey(Secret(_checked(text.strip(), feed, origin)), origin, warning or _prefix_warning(text.strip()))


@dataclass(frozen=True, slots=True)
class _KeyLocation:
    """The location of a key: a variable, a file or a command; else the first documented variable that is set."""

    owner: str
    env: str
    file: str
    command: Sequence[str]

    def read(self, environ: Mapping[str, str], run: Run, hint: str) -> tuple[str, str, str | None]:
        """Return the text at the location, a description of the location, and a warning about it or None.

        Raises:
            SetupError: There is no key at the location.
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
        message = f"{self.owner} has no key: environment variable not set or empty: {looked}"
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
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            message = f"{self.owner} has no key: the file can't be read: {path}: {reason}"
            hint = "put only the key into a file that this user may read"
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
        message = f"the key of feed `{feed.name}` has spaces, line breaks or other characters that no key has: {origin}"
        raise SetupError(message, hint="it must hold exactly one key")
    return text


def _prefix_warning(text: str) -> str | None:
    if text.startswith(_WORKING_PREFIXES):
        return None
    return f"the key has an unknown prefix: {_WHICH_KEYS}"
