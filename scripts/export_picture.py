"""Export the output of `make demo` as the README's picture, `docs/pictures/demo.svg`."""

from __future__ import annotations

import io
import re
import tempfile
from datetime import timedelta
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI

from anthropic_audit.cli.demo_play import DemoWorld, play

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "demo.svg"
WIDTH = 132


def main() -> None:
    """Run the demo, record its output, and write the picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), highlight=False, force_terminal=False)
    console.print("[bold]$ make demo[/bold]\n")
    with tempfile.TemporaryDirectory() as name:
        play(console, Path(name), DemoWorld(1, timedelta(days=30)), place="./demo-archive", then=lambda: None)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    svg = console.export_svg(title="anthropic-audit demo", theme=MONOKAI, unique_id="demo")
    # without this, the picture would load fonts from another site
    PICTURE.write_text(re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL))
    print(f"wrote {PICTURE.name}")


if __name__ == "__main__":
    main()
