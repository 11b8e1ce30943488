"""The feedback API: HTTP over the receiver and the reading room, in a process of its own."""
