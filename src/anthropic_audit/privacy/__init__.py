"""Privacy: masking for viewers, and rewriting of fields before events leave the archive."""
