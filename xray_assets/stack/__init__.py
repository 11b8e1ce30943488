"""The processes of this machine: what they are, how they start and stop.

Used by `xray` commands and demos only.

    from xray_assets.stack.stack import Stack
    with Stack(Settings()) as stack: ...

Dagster is not imported here: it runs in the processes.
"""
