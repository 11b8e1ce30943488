"""What a golden margin takes: python -m benchmarks.retraining.margins

By films of a class: the margin that the gate takes for the first and the tenth candidate, how often
a model of equal merit passes it, and how often it would pass fixed margins.
"""

from xray_assets.retraining.gates.golden import ALPHA, CHANCE, EQUAL_DISCORDANCE
from xray_assets.statistics.noninferiority import chance_of_equal, margin_of_equal


def main() -> None:
    each = CHANCE**0.5
    heads = ("margin", "equal passes", "margin of the 10th", "passes 0.02", "passes 0.05")
    print("| films of a class |", " | ".join(heads), "|")
    print("|---|---|---|---|---|---|")
    for n in (50, 100, 200, 500, 1000, 2000):
        first, tenth = (
            margin_of_equal(n, ALPHA / k, discordance=EQUAL_DISCORDANCE, chance=each)
            for k in (1, 10)
        )
        passes = (
            chance_of_equal(n, margin, ALPHA, EQUAL_DISCORDANCE) ** 2
            for margin in (first, 0.02, 0.05)
        )
        own, small, large = (f"{chance:.0%}" for chance in passes)
        print(f"| {n} | {first:g} | {own} | {tenth:g} | {small} | {large} |")


if __name__ == "__main__":
    main()
