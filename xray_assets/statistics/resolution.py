"""How finely summaries count: what a table promises and what is worked out from it. Without numpy,
for the contracts.
"""

BINS = 50
"""Bins of equal width for a probability: it is known to 0.02."""

LOWEST, PER_OCTAVE, BUCKETS = 0.25, 8, 128
"""Geometric buckets of a histogram: from 0.25 to 16,384, in the unit of the values."""

RESOLUTION = 2 ** (1 / PER_OCTAVE) - 1
"""A bucket's width over its lower end (9 %): the largest relative error of a quantile."""
