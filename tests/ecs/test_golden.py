"""Golden files: activities and their events."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer

GOLDEN = Path(__file__).parent.parent / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir())


@pytest.mark.parametrize("name", CASES)
def test_an_activity_becomes_its_event(normalizer: Normalizer, name: str) -> None:
    event = normalizer.document((GOLDEN / name / "activity.json").read_bytes())

    expected = json.loads((GOLDEN / name / "event.json").read_text())
    expected["anthropic"]["audit"]["catalogue"]["version"] = load().version  # a new type does not change these events
    assert event == expected


def test_there_is_a_pair_for_every_kind_of_actor() -> None:
    shown = {json.loads((GOLDEN / name / "activity.json").read_text())["actor"]["type"] for name in CASES}

    assert set(load().actors) <= shown
