"""`anthropic-audit catalogue`: look up types, fields and actors, find what is missing, and write schemas."""
