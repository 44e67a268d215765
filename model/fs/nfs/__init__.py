"""fs/nfs/ of the kernel, and the server."""
