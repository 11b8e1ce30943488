"""From the inbox into the tables, exactly once."""
