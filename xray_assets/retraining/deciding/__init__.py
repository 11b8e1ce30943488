"""Whether a model is to be trained again: facts from tables, a pure decision, and its row."""
