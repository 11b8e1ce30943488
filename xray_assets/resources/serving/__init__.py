"""The endpoint as the graph asks it: its config, its document, its models' scores in shadow."""
