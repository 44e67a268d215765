"""The native engine: a program as machine code, and the loop that searches with it.

Takes a program.  Gives its packed states (`layout`), its step function (`codegen`, LLVM made into machine code by
`build`), and a search loop that is the same for all programs (`loop`).

May import: base, ir, reduce.
"""
