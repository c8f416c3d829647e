"""Build an ingest pipeline that normalizes raw activities in a cluster, if another agent ships them."""

from .pipeline import NAME, ingest_pipeline

__all__ = ["NAME", "ingest_pipeline"]
