"""From an activity to an ECS document; pure and table-driven."""
