"""A scenario under a design and a bound -> a program of the IR.

`program` makes it, by way of `parse`, `types` and `lower`; `cache` keeps it on disk for the next time.

May import: lang, base, ir, source, parse, types, lower.
"""
