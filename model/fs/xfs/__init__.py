"""fs/xfs: the filesystem above iomap."""
