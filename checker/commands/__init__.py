"""The commands of the command line, and the options that several of them have.

May import: lang, base, ir, source, graphs, verdict, explorer, table, output, smt, regress, mutate, export, bench.
"""
