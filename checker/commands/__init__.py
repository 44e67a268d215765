"""The commands of the command line, and the options that several of them have.

May import: lang, base, ir, source, compile, output, table, smt, regress, mutate.
"""
