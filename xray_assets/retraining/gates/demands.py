"""The gates of a candidate by name, which are names of asset checks, and what each demands. Light:
the asset is defined with it.
"""

FLOORS = "reaches_the_floors"
GOLDEN = "no_worse_on_golden_films"
ROBUST = "no_less_robust_to_corruptions"
FAIR = "no_slice_loses"
FAST = "no_slower_through_the_endpoint"

DEMANDS = {
    FLOORS: "On the test films, AUC, sensitivity and parity reach what every classifier must.",
    GOLDEN: "On every golden version, sensitivity and specificity are no worse than the champion's "
    "and the anchor's: the lower bound of the paired difference is within the margin.",
    ROBUST: "Under each of eight corruptions the AUC falls no more than 0.03 beyond the "
    "champion's fall.",
    FAIR: "In no slice of 50 films or more is the lower 95 % bound of candidate - champion below "
    "the margin.",
    FAST: "The 95th percentile of 200 requests through the endpoint is within 1.2 of the "
    "champion's.",
}
"""Each gate and what it demands."""
