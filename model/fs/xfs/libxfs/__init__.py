"""fs/xfs/libxfs: extents."""
