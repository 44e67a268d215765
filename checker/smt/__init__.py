"""z3: what a search of a small scope cannot say.

Layers, each of which uses those before it:

* terms: `words` (machine integers as C has them), `functions` (pure functions on them), `steps` (steps on
  numbers and terms at once), `real_sizes` (the same program in bytes).
* transitions and invariants: `theorems` (claims about pure functions), `transitions`, `unbounded` (any number of
  steps) and `refinement` (the model compared with these), `cutoff` (cells and real layouts), `sizes_of_trace` and
  `classes` (sizes of one schedule).
* commands: `proofs` and `commands` (`prove`), `said` (what `check` and `replay` say about sizes).

z3 itself is imported when a question is asked, and never before.
"""
