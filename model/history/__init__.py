"""Bugs that the kernel has had, brought back: each undoes one fix."""
