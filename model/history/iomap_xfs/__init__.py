"""Bugs brought back in the model of the writeback core, iomap and XFS."""
