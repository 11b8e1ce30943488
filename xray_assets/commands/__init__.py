"""The `xray` commands, one module a group: they read options, call one function, and print.

Heavy modules are imported inside the commands, so that `xray --help` answers at once.
"""
