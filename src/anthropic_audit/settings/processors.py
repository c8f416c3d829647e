"""The settings of processors: what is done to events before they leave the archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from .section import Section


def _patterns(value: object) -> object:
    """Take one pattern for a list of one."""
    return (value,) if isinstance(value, str) else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_patterns)]


class _Processor(Section):
    when: dict[str, Patterns] = Field(
        {},
        description="For these events only: fields and what they have to be, as text with `*`, or a list of such; "
        "`!` in front: must not be",
    )


class _FieldsProcessor(_Processor):
    fields: tuple[str, ...] = Field((), description="Fields by name, all below a name, or with `*`")
    personal: bool = Field(default=False, description="All fields that the catalogue marks as personal data")

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if not self.fields and not self.personal:
            message = "name `fields`, or set `personal = true`"
            raise ValueError(message)
        return self


class DropEvents(_Processor):
    """Leave events out."""

    do: Literal["drop_events"]

    @model_validator(mode="after")
    def _check_when(self) -> Self:
        if not self.when:
            message = "say which events are dropped with `when`"
            raise ValueError(message)
        return self


class DropFields(_FieldsProcessor):
    """Leave fields out."""

    do: Literal["drop_fields"]


class AddTags(_Processor):
    """Add to `tags`."""

    do: Literal["add_tags"]
    tags: tuple[str, ...] = Field(min_length=1, description="Tags to add")


class AddLabels(_Processor):
    """Add to `labels`."""

    do: Literal["add_labels"]
    labels: dict[str, str] = Field(min_length=1, description="Names and values to add; a later value replaces another")


class HashFields(_FieldsProcessor):
    """Put a keyed hash in the place of values, the same for the same value."""

    do: Literal["hash_fields"]
    key_env: str = Field("", description="Environment variable that holds the key of the hash")
    key_file: str = Field("", description="File that holds the key of the hash")
    key_command: tuple[str, ...] = Field((), description="Command that prints the key of the hash, as a list of words")

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if sum(map(bool, (self.key_env, self.key_file, self.key_command))) != 1:
            message = "give one of key_env, key_file and key_command"
            raise ValueError(message)
        return self


class RedactFields(_FieldsProcessor):
    """Put a mark in the place of values."""

    do: Literal["redact_fields"]
    mark: str = Field("[redacted]", min_length=1, description="What stands in the place of values")


ProcessorSettings = DropEvents | DropFields | AddTags | AddLabels | HashFields | RedactFields
PROCESSORS: Mapping[str, type[BaseModel]] = {
    "drop_events": DropEvents,
    "drop_fields": DropFields,
    "add_tags": AddTags,
    "add_labels": AddLabels,
    "hash_fields": HashFields,
    "redact_fields": RedactFields,
}
"""What a processor can `do`, and the settings of each."""
