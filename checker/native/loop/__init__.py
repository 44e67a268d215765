"""The search loop, in the Python that Numba compiles: once for all programs."""
