"""What a cluster does with raw activities, when another agent ships them."""

from .pipeline import NAME, ingest_pipeline

__all__ = ["NAME", "ingest_pipeline"]
