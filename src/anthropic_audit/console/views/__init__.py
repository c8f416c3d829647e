"""The pages and what they ask for: one module a page."""
