"""Sample-ratio evidence: does the traffic split agree with the configured one?

Error guards, fallbacks and the ramp's stages do not belong here.
"""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from xray_assets.statistics.log_beta import log_beta


def log_sample_ratio_evidence(
    served: NDArray[np.int64], split: NDArray[np.float64], pseudo_counts: float
) -> float:
    """log of the product over config versions of beta-binomial e-values.

    served: (S, 2) distinct routing keys by the model assigned [champion, challenger]; split: (S,)
    the challenger's share. The alternative of a version is Beta(pseudo_counts x split,
    pseudo_counts x (1 - split)); versions at 0 or 1 assign nothing at random and say nothing.
    """
    total = 0.0
    for (champion, challenger), share in zip(served.tolist(), split.tolist(), strict=True):
        if not 0.0 < share < 1.0:
            continue
        a, b = pseudo_counts * share, pseudo_counts * (1.0 - share)
        total += float(log_beta(challenger + a, champion + b) - log_beta(a, b))
        total -= challenger * log(share) + champion * log(1.0 - share)
    return total
