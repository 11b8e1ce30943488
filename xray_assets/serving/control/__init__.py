"""What the endpoint is asked to serve, and how it comes to serve it."""
