"""What a candidate must pass before it is registered. Pure, of labels and probabilities."""
