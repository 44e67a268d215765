"""Graphs to be looked at: the states of a small program, and the order in which locks are taken.

May import: base, ir, trace.
"""
