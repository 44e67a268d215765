"""Bugs brought back in the model of the block device and its buffers."""
