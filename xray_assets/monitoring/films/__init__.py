"""What is measured of the films of a closed day, before they are deleted: which of them
(`sample`), what (`measuring`, with whose `models`), its `rows`, and the order in which they are
written (`run`).

A feature's definition is `imaging/film_features.py`'s; what a change of them means is
`statistics/drift/`'s.
"""
