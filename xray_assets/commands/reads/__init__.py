"""Commands of reads: giving and adopting them, taking cases from the queue, and which are read."""
