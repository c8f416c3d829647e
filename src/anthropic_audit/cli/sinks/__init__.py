"""`anthropic-audit sinks`: deliver events, and see how that goes."""
