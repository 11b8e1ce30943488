"""Judged days: what belongs to a closed day (`rows`, `reads`), whom it judges (`served`), when it
cannot be judged (`unjudged`), its row (`judged`), and the order in which all is written (`run`).

Evidence is `statistics/drift/`; what follows from a level is `monitoring/response/`.
"""
