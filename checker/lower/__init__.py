"""Typed trees of functions -> processes and properties of the IR.

Takes typed functions.  Calls are inlined, and what is left is cut into steps: first a flow graph (`graph`), then
blocks (`flow`), one step a block, without locals that nobody reads any more (`dead_locals`).

May import: lang, base, ir, parse, types.
"""
