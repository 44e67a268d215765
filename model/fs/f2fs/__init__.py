"""f2fs as in Linux 6.13.1: the page path, and compressed clusters."""
