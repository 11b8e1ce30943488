"""Web servers of others behind our gate."""
