"""Bugs of code that is not modelled, each on a small model of its own."""
