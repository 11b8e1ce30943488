"""How a person signs in: passwords, the limit on wrong ones, sessions, a proxy's word, a record."""
