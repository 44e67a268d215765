"""Page-cache writeback of Linux 6.13.1 on iomap and XFS; see README.md beside this file."""
