"""One role a file: an interface, implemented in `local/` and `databricks/`. The only code that
differs between deployments.

No table schema, no decision and no branch on the deployment belongs here; `deployments.py` chooses
which implementation.
"""
