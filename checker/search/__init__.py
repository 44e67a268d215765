"""Exhaustive exploration, breadth first: by the native engine, or by the interpreter in plain Python.

Takes a program and limits.  Gives an `Exploration`: numbers of states, and the first violation as a path of states.

May import: base, ir, reduce, native.
"""
