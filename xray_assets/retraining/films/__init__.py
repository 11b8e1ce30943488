"""Films that a model is trained on and judged on: whose truth counts, who is on which side."""
