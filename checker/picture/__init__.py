"""Traces as people read them.

Takes a trace and the model's drawings.  Gives text in columns (`report`, `short`), or what other tools
read: `itf`, `perfetto`, `mermaid`, `svg`.

May import: lang, base, ir, source, trace.
"""
