"""Traces as people read them.

Takes a trace and the model's drawings.  Gives text in columns (`report`), or the JSON that other tools read (`itf`).

May import: lang, base, ir, source, trace.
"""
