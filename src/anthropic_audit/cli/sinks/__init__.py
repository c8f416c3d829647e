"""`anthropic-audit sinks`: deliver events, and show the state of deliveries."""
