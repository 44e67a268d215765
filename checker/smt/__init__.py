"""z3: what a search of a small scope cannot say.

Layers, each of which uses those before it:

* terms: `words` (machine integers as C has them), `functions` (pure functions of a model as terms).
* statements: `theorems` (what is claimed of pure functions, for all values).
* commands: `proofs` (what `prove` finds), `commands` (the command line).

z3 itself is imported when a question is asked, and never before.
"""
