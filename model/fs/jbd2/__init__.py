"""fs/jbd2/ of the kernel."""
