"""The feedback API: HTTP over the receiver, in a process of its own."""
