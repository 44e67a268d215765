"""Mutation of the model: does a property notice when a kernel function forgets a step, or swaps two?

`mutants` makes the changes, `judge` looks for a row of the table of expected verdicts whose check
notices one, `store` keeps what came out, `text` shows it.

May import: lang, base, ir, source, search, trace, verdict, table.
"""
