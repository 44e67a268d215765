"""fs/netfs/ of the kernel, and the server and the cache behind it."""
