"""Demur: the right to object to AI training, end to end."""
