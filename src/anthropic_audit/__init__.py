"""Collect, archive, normalize and search the audit trail of Anthropic organizations.

The Python API: `collect` fills an archive, `open_archive` opens one, `search` finds events in it, `normalize` converts
activities to ECS or OCSF. It is imported when a name of it is used, so that `import anthropic_audit` stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import collect, normalize, open_archive, search

__version__ = "0.1.0"

__all__ = ["__version__", "collect", "normalize", "open_archive", "search"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the API has by that name
    if name in __all__:
        return getattr(import_module(".api", __name__), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
