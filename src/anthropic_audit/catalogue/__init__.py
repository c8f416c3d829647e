"""The catalogue: activity types, fields and actors as data."""
