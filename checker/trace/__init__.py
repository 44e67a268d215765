"""How a violation comes about, and why.

Takes a program and a path of states.  Gives the trace, replayed by the interpreter (`trace`), as a file that can be
followed again (`file`), and explanations; `temporal` looks for the endless ones.

May import: base, ir.
"""
