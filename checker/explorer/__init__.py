"""Counterexamples and schedules to be looked at in a browser, step by step.

Takes a task and a trace of it.  Gives one page (`page`), whole in itself, or with a server behind it (`server`) that takes
whatever step is chosen next.  What both show is data (`scene`, `walk`, `beside`); the page itself is in `page/`.

May import: base, ir, source, trace, picture, verdict.
"""
