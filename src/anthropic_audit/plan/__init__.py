"""What is covered, and what is due; pure."""
