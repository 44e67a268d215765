"""Bugs brought back in the model of f2fs."""
