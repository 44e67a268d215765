"""The symbolic engine: sets of states as decision diagrams over the components of a program.

Takes a program and limits.  Gives an `Exploration`, layer by layer of started operations; violations come without a path.
README.md beside this file says what is claimed, and why.

May import: base, ir, reduce, native, search.
"""
