"""The loop that learns: what asks for a retraining, the films it is made of, the candidate."""
