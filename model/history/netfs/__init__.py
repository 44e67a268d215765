"""Bugs brought back in the model of netfs."""
