"""Simulated days through the real paths: traffic, readers and changes of the films, in a state of
their own (`xray simulate`).

- `scenarios.py`: what is changed, from which day on, and the level that is expected
- `people.py`, `films.py`: who is filmed, and each film anew; `clinic.py`: the requests of a day
- `endpoint.py`, `readers.py`: the endpoint in this process, and readers at the review queue
- `house.py`: sensors and jobs of a day; `days.py`: day after day; `outcome.py`: what came of it
- `state.py`: the state folder, and the models that a simulation begins with
"""
