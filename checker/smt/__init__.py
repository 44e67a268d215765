"""z3: what a search of a small scope cannot say.

* `arithmetic`: machine integers as C has them (`words`), pure functions on them (`functions`), claims about these
  (`theorems`).
* `unbounded`: the transitions of a program as formulas (`transitions`), proofs for any number of steps (`induction`),
  and the model compared with small systems that have one (`refinement`).
* `sizes`: the same program in bytes (`real_sizes`), steps on numbers and terms at once (`dual_steps`), cells and real
  layouts (`cutoff`, `alike`), the sizes of one schedule (`of_trace`, `classes`), and what `check` and `replay` say of
  all that (`said`).
* `proofs`: what the command `prove` does.

z3 itself is imported when a question is asked, and never before.

May import: lang, base, ir, source, parse, types, lower, compile, search, trace, picture, verdict.
"""
