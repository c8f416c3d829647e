"""The Activity Feed: one request at a time, and walks of closed windows."""
