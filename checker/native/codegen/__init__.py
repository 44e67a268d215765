"""The IR -> LLVM: the step function of a program, and what judges its states."""
