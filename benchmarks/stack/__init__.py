"""Proofs of the stack: what is killed comes back."""
