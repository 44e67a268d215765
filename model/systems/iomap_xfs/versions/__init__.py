"""Other kernels than 6.13, as lists of changes: a file for each change, and `kernels` for their sums (`model/versions/README.md`)."""
