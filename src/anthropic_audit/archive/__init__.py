"""The archive: Delta tables with one writer and any number of readers."""
