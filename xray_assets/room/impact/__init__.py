"""What a model is worth under assumptions that a person chooses: expected cost, net benefit, tiers
of risk. The formulas are in `statistics/`.
"""
