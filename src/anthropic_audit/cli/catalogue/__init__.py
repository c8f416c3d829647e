"""`anthropic-audit catalogue`: look up types, fields and actors, find drift, and write schemas."""
