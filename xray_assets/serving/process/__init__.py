"""The endpoint as processes: listening, workers, what they know of each other."""
