"""The dashboard: what the experiment says, what was served, and how far both can be trusted.

Frames of summary tables (`look`, `summaries`) go in, dataclasses come out (`verdict`,
`side_by_side`, `traffic`, `trends`, `health`, `mistakes`); `page` puts them together, `routes`
shows them. No large table is read.
"""
