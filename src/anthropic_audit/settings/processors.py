"""The settings of processors: steps that change or drop events before they leave the archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, model_validator

from .section import Section


def _patterns(value: object) -> object:
    """Wrap a single pattern into a tuple."""
    return (value,) if isinstance(value, str) else value


Patterns = Annotated[tuple[str, ...], BeforeValidator(_patterns)]


class _Processor(Section):
    when: dict[str, Patterns] = Field(
        {},
        description="Apply to matching events only: values by field, as text with `*`, or a list of these; "
        "a leading `!` negates a value",
    )


class _FieldsProcessor(_Processor):
    fields: tuple[str, ...] = Field(
        (), description="Field names; a name includes all fields below it, and may contain `*`"
    )
    personal: bool = Field(default=False, description="All fields that the catalogue marks as personal data")

    @model_validator(mode="after")
    def _check_fields(self) -> Self:
        if not self.fields and not self.personal:
            message = "set `fields`, or `personal = true`"
            raise ValueError(message)
        return self


class DropEvents(_Processor):
    """Drop events."""

    do: Literal["drop_events"]

    @model_validator(mode="after")
    def _check_when(self) -> Self:
        if not self.when:
            message = "set `when`: it selects the events to drop"
            raise ValueError(message)
        return self


class DropFields(_FieldsProcessor):
    """Remove fields from events."""

    do: Literal["drop_fields"]


class AddTags(_Processor):
    """Add values to `tags`."""

    do: Literal["add_tags"]
    tags: tuple[str, ...] = Field(min_length=1, description="Tags to add")


class AddLabels(_Processor):
    """Add entries to `labels`."""

    do: Literal["add_labels"]
    labels: dict[str, str] = Field(
        min_length=1, description="Names and values to add; a later value replaces an earlier one"
    )


class HashFields(_FieldsProcessor):
    """Replace values by a keyed hash, the same for the same value."""

    do: Literal["hash_fields"]
    key_env: str = Field("", description="Environment variable that holds the key of the hash")
    key_file: str = Field("", description="File that holds the key of the hash")
    key_command: tuple[str, ...] = Field(
        (), description="Command that prints the key of the hash, as a list of arguments"
    )

    @model_validator(mode="after")
    def _check_key(self) -> Self:
        if sum(map(bool, (self.key_env, self.key_file, self.key_command))) != 1:
            message = "set exactly one of key_env, key_file and key_command"
            raise ValueError(message)
        return self


class RedactFields(_FieldsProcessor):
    """Replace values by a fixed text."""

    do: Literal["redact_fields"]
    mark: str = Field("[redacted]", min_length=1, description="Text that replaces values")


ProcessorSettings = DropEvents | DropFields | AddTags | AddLabels | HashFields | RedactFields
PROCESSORS: Mapping[str, type[BaseModel]] = {
    "drop_events": DropEvents,
    "drop_fields": DropFields,
    "add_tags": AddTags,
    "add_labels": AddLabels,
    "hash_fields": HashFields,
    "redact_fields": RedactFields,
}
"""Settings class of each processor, by the value of `do`."""
