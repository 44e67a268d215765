"""The commands of the command line, and the options that several of them have.

May import: lang, base, ir, source, graphs, verdict, table, output, smt, regress, mutate, export, bench.
"""
