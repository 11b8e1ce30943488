"""One invocation from its bytes to a durable row and an answer."""
