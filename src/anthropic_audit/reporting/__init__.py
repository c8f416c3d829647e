"""Reports on a period as one HTML or PDF file, for readers without access to the console."""

from .blocks import Report
from .compose import compose
from .gather import Gathered, Scope, gather
from .html import to_html
from .pdf import to_pdf

__all__ = ["Gathered", "Report", "Scope", "compose", "gather", "to_html", "to_pdf"]
