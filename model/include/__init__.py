"""What a header of the kernel has: state, one step at a time, sizes; f2fs.h, netfs.h and their like beside it."""
