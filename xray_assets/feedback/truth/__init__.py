"""What the reads of a case agree on, and whether more are waited for."""
