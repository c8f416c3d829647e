"""A small catalogue on disk, for tests of mistakes in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

FILES = {
    "catalogue.yaml": "version: 1\nenvelope:\n  id: string!\n",
    "ecs.yaml": "categories:\n  iam: [change, user]\n  web: [info]\n",
    "outcomes.yaml": "by_approved:\n  field: approved\n  values: {true: success}\n  otherwise: failure\n",
    "actors.yaml": "user_actor:\n  fields: {email: string!}\n  moves: {email: user.email}\n",
    "fields.yaml": "moved: {}\npublished:\n  role: keyword\nnewer: {}\nactor:\n  type: keyword\nown: {}\n",
    "types/members.yaml": (
        "member_joined:\n  category: [iam]\n  type: [user]\n  outcome: success\n  actors: all\n"
        "  fields:\n    role: string!\n"
    ),
}

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write the small catalogue, with other contents for some files, and return its folder."""

    def write(**changed: str) -> Path:
        (tmp_path / "types").mkdir(exist_ok=True)
        for name, text in {
            **FILES,
            **{name.replace("__", "/") + ".yaml": text for name, text in changed.items()},
        }.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return write
