"""Reductions: which interleavings, and which states, need no look of their own.

Takes a program.  Gives facts about it that both engines use: which process may go first, alone
(`partial_order`, by way of the others), and which identities are interchangeable (`symmetry`).

May import: base, ir.
"""
