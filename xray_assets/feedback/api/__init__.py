"""The feedback API: HTTP over the desk, in a process of its own."""
