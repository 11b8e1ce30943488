"""Monitoring, a module a step: films -> days -> record; and figures, which are only shown."""
