from __future__ import annotations

from datetime import UTC, datetime

import pytest

from anthropic_audit.model import Window

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_window_ends_after_it_starts() -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        Window(NOON, NOON)
