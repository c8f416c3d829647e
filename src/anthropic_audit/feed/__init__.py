"""Client of the Activity Feed: single requests, and walks of closed windows."""
