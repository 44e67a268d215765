"""fs/iomap/iter.c: from one mapping of a range to the next."""

from __future__ import annotations

from checker.lang import kernel, pure, warn_on

from model.include.state import OK, IomapIter, loff_t


@pure("include/linux/iomap.h")
def iomap_length(iter: IomapIter) -> loff_t:
    """How much of what is left of the range the mapping covers."""
    return min(iter.len, iter.end - iter.pos)


@kernel("fs/iomap/iter.c")
def iomap_iter_advance(iter: IomapIter) -> bool:
    """Move past what was processed; is there more to do?"""
    more = True
    if iter.end > 0:
        warn_on(iter.processed > iomap_length(iter))
        iter.pos += iter.processed
        iter.len -= iter.processed
        if iter.len == 0 or (iter.processed == 0 and not iter.stale):
            more = False
    iter.processed = 0
    iter.end = 0
    iter.new = False
    iter.stale = False
    return more


@kernel("fs/iomap/iter.c")
def iomap_iter(iter: IomapIter) -> bool:
    """Finish with one mapping and get the next; False at the end of the range, or after an error.

    Left out: errors of ->iomap_end, the assertions of iomap_iter_done() about a mapping.
    """
    if iter.end > 0:
        xfs_buffered_write_iomap_end(iter, iter.pos, iomap_length(iter), iter.processed)
    if iter.error != OK:
        return False
    if not iomap_iter_advance(iter):
        return False
    iter.error = xfs_buffered_write_iomap_begin(iter, iter.pos, iter.len)
    return iter.error == OK


from model.fs.xfs.xfs_iomap import xfs_buffered_write_iomap_begin, xfs_buffered_write_iomap_end  # noqa: E402
