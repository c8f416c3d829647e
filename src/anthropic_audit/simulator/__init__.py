"""A truthful Compliance API over a seeded world."""
