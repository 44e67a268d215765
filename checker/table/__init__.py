"""The table of expected verdicts, and the findings among them, in files of TOML.

May import: base, ir, verdict.
"""
