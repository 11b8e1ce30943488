"""How a person reads a case: what is due for whom, leases, films, reads, and answers afterwards.

No HTTP, no Dagster; of the models it knows their answers on a case that is settled, and no more.
"""
