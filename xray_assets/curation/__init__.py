"""Which ingested films are usable, and to which patient and split each belongs. Pure functions."""
