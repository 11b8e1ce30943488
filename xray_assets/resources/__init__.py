"""One role a file: an interface and its twins (local, Databricks). The only code that differs
between deployments.

No table schema, no decision and no branch on the deployment belongs here; `deployments.py` chooses
the twin.
"""
