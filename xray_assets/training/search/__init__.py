"""The search for a better classifier: which families, which choices, how they are compared.

Films of test patients are not here: an objective is given the films to learn from and nothing else,
and the one classifier that is chosen at the end is judged on the test films, once.
"""
