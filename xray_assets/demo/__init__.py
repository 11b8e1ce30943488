"""The demo: clients that send held-out films, simulated readers, scenarios. It uses the product
from outside, over HTTP.
"""
