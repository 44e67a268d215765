"""fs/iomap: buffered I/O on extents."""
