"""Write the events of `tests/golden` again, after an intended change of the normalizer.

Review the difference before you commit it.

python scripts/generate_golden.py
"""

from __future__ import annotations

import json
from pathlib import Path

from anthropic_audit.catalogue import load
from anthropic_audit.ecs import Normalizer

GOLDEN = Path(__file__).parent.parent / "tests" / "golden"


def main() -> None:
    """Write each event next to its activity."""
    normalizer = Normalizer(load())
    for folder in sorted(GOLDEN.iterdir()):
        event = normalizer.document((folder / "activity.json").read_bytes())
        text = json.dumps(event, indent=2, sort_keys=True, ensure_ascii=False)
        (folder / "event.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
