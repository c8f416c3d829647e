"""Observables: the values of an event to search for in every class, such as addresses, users, hosts, files, ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from anthropic_audit.documents import value_at

from .model import Coded, Json
from .source_event import SourceEvent
from .unmapped import is_addresses, is_email, is_text, is_texts
from .users import UNKNOWN_USER

_HOST: Final[Coded] = (1, "Hostname")
_ADDRESS: Final[Coded] = (2, "IP Address")
_USER_NAME: Final[Coded] = (4, "User Name")
_EMAIL: Final[Coded] = (5, "Email Address")
_URL: Final[Coded] = (6, "URL String")
_FILE_NAME: Final[Coded] = (7, "File Name")
_RESOURCE: Final[Coded] = (10, "Resource UID")
_AGENT: Final[Coded] = (16, "HTTP User-Agent")
_CREDENTIAL: Final[Coded] = (19, "User Credential ID")
_USER_ID: Final[Coded] = (31, "User Object: uid")
_GROUP_ID: Final[Coded] = (33, "Group Object: uid")

_PATHS: Final[tuple[tuple[str, Coded], ...]] = (
    ("src_endpoint.ip", _ADDRESS),
    ("actor.user.email_addr", _EMAIL),
    ("actor.user.name", _USER_NAME),
    ("actor.user.uid", _USER_ID),
    ("actor.session.credential_uid", _CREDENTIAL),
    ("user.email_addr", _EMAIL),
    ("user.name", _USER_NAME),
    ("user.uid", _USER_ID),
    ("entity.user.email_addr", _EMAIL),
    ("entity.user.uid", _USER_ID),
    ("group.uid", _GROUP_ID),
    ("entity.uid", _RESOURCE),
    ("databucket.uid", _RESOURCE),
    ("file.uid", _RESOURCE),
    ("http_request.url.url_string", _URL),
    ("http_request.url.hostname", _HOST),
    ("http_request.user_agent", _AGENT),
)
_LISTS: Final[tuple[str, ...]] = ("web_resources", "resources")


def observables_of(event: Mapping[str, Json], source: SourceEvent) -> list[dict[str, Json]]:
    """Return the observables of an event, each value once, with the attribute that has it.

    The members of `related` are taken from the document.
    """
    found: dict[tuple[int, str], dict[str, Json]] = {}
    for (number, kind), value, name in (*_in_attributes(event), *_of_the_feed(source), *_related(source)):
        is_unknown_user = value == UNKNOWN_USER["name"] and number == _USER_NAME[0]
        if is_unknown_user or (number, value) in found:
            continue
        attribute = {} if name is None else {"name": name}
        found[number, value] = {**attribute, "type_id": number, "type": kind, "value": value}
    return list(found.values())


def _in_attributes(event: Mapping[str, Json]) -> Iterator[tuple[Coded, str, str | None]]:
    for path, coded in _PATHS:
        value = value_at(event, path)
        if value:
            yield coded, value, path
    file = event.get("file")
    if file and file["name"] not in {file.get("uid"), file["type"]}:
        yield _FILE_NAME, file["name"], "file.name"
    for name in _LISTS:
        yield from ((_RESOURCE, one["uid"], f"{name}.uid") for one in event.get(name, ()) if "uid" in one)


def _of_the_feed(source: SourceEvent) -> Iterator[tuple[Coded, str, str | None]]:
    """Yield the ids of other resources in the activity."""
    targets = source.rules.targets
    for name, value in source.audit.items():
        if name in targets and not targets[name].is_name and is_text(value):
            yield _RESOURCE, value, f"unmapped.anthropic.audit.{name}"


def _related(source: SourceEvent) -> Iterator[tuple[Coded, str, str | None]]:
    for value in source.rest.take("related.ip", is_addresses) or ():
        yield _ADDRESS, value, None
    for value in source.rest.take("related.hosts", is_texts) or ():
        yield _HOST, value, None
    for value in source.rest.take("related.user", is_texts) or ():
        yield (_EMAIL if is_email(value) else _USER_ID), value, None
