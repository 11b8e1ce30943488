"""How a run is carried out: by which process, started how, and what becomes of it when that process
is gone.

What a run does is the graph's business; which services there are is `stack/`'s.
"""
