"""The door: arguments to settings to one call."""
