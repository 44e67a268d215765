"""The laboratory: a real kernel in a virtual machine, held against the model.

A tool of the model (`commands.py` has what it adds to the command line), written in Python and not in the language: nothing
in here is read as a model.  `python -m checker confirm` forces the order of a counterexample on the kernel; README.md tells how.

kernels: what it takes; apt fetches it.  initramfs, guest, prepared: the machine.  points, turns, operations: from a counterexample
to what the machine is told.  seen, judge: what came of it.  confirm, evidence, report, script: the whole.
episodes, matching, disturbed, validate: what a kernel does by itself, held against the model.
"""
