"""Try it: a film to the live endpoint, under the room's own trial account, so that it counts in no
figure.
"""
