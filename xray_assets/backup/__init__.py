"""The whole state in a folder and back, and a patient out of it."""
