"""Changes of the writeback core, iomap and XFS, each an edit of its functions."""
