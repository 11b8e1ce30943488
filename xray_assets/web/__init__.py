"""What every HTTP surface of the house shares: refusals, tokens, bounds, listening."""
