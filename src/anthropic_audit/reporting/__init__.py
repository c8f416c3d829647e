"""Reports on a period, for people who log in nowhere: gathered, composed, and written as HTML or PDF."""

from .blocks import Report
from .compose import compose
from .gather import Gathered, Scope, gather
from .html import to_html
from .pdf import to_pdf

__all__ = ["Gathered", "Report", "Scope", "compose", "gather", "to_html", "to_pdf"]
