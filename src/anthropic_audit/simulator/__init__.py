"""A simulated Compliance API: a seeded world, the API's responses about it, and an HTTP server."""

from .delivery import IndexingBehavior
from .faults import FAULTS, Fault
from .http import Ending, Request, Response
from .respond import respond
from .serve import Server, serve
from .vendor import Vendor, VendorSettings, open_vendor

__all__ = [
    "FAULTS",
    "Ending",
    "Fault",
    "IndexingBehavior",
    "Request",
    "Response",
    "Server",
    "Vendor",
    "VendorSettings",
    "open_vendor",
    "respond",
    "serve",
]
