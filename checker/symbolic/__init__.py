"""The symbolic engine: sets of states as decision diagrams over the components of a program.

README.md beside this file says what is claimed, and why.
"""
