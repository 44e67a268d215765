"""fs/iomap/buffered-io.c, the second part: writeback of folios, and the completion of its I/O.

Left out of the whole file: shared extents, tracepoints, cgroup accounting.
"""

from __future__ import annotations

from checker.lang import Place, atomic, each, kernel, number, primitive, wait_until, warn_on

from model.include.primitives import atomic_add, atomic_dec_and_test, atomic_inc, atomic_read, atomic_sub_and_test
from model.include.primitives import folio_test_dirty, folio_test_locked, folio_test_writeback, folio_unlock
from model.include.primitives import folio_zero_segment, i_size_read
from model.include.size import bio_folio, bio_folio_length, clamp_io_size, end_aligned, folio_beyond_eof
from model.include.size import folio_crosses_eof, folio_end_pos, folio_index, folio_pos, offset_in_folio
from model.include.size import writeback_end_pos
from model.include.state import BIO_BLOCKS, BLOCKS, BLOCK_SIZE, FOLIO_SIZE, IOMAP_HOLE, IO_BUILT, IO_FREE, OK
from model.include.state import AddressSpace, Bio, Errno, Folio, Ioend, Task, WritebackControl, WritepageCtx, block_t
from model.include.state import inode, loff_t, mapping, pgoff_t

# -------------------------------------------------------------------- completion


@kernel("fs/iomap/buffered-io.c")
def iomap_finish_folio_write(folio: Folio, len: loff_t):
    """I/O on `len` bytes of a folio is done; after the last of them, end its writeback."""
    if BLOCKS > 1:
        with atomic("atomic_sub_and_test(), and its assertion"):
            warn_on(not folio.private)
            warn_on(atomic_read(folio.write_bytes_pending) <= 0)
            last = atomic_sub_and_test(len, folio.write_bytes_pending)
        if not last:
            return
    folio_end_writeback(folio)


@kernel("fs/iomap/buffered-io.c")
def iomap_finish_ioend(ioend: Ioend, bio: Bio, error: Errno):
    """Report an error, then finish every folio of the bio, then free both."""
    if error != OK:
        mapping_set_error(mapping, error)
    folio: Folio = bio_folio(bio, bio.first)
    while folio is not None:
        iomap_finish_folio_write(folio, bio_folio_length(bio, folio))
        folio = bio_folio(bio, (number(folio) + 1) * BLOCKS)
    bio_put(ioend)


@kernel("fs/iomap/buffered-io.c")
def iomap_writepage_end_bio(ioend: Ioend, bio: Bio):
    """Completion in interrupt, where no transaction is needed."""
    iomap_finish_ioend(ioend, bio, bio.bi_status)


@kernel("fs/iomap/buffered-io.c")
def iomap_finish_ioends(ioend: Ioend, bio: Bio, error: Errno):
    """Completion in the worker.

    Left out: merged ioends; each is finished by itself.
    """
    iomap_finish_ioend(ioend, bio, error)


# --------------------------------------------------------------------- writeback


@kernel("fs/iomap/buffered-io.c")
def iomap_submit_ioend(wpc: WritepageCtx, error: Errno) -> Errno:
    """Hand the ioend that is being built to the device, or fail it.

    The look at i_disk_size in ->prepare_ioend and the hand-over are one step.  What disappears is that
    another completion raises the size in between, so that the worker finds nothing left to raise.
    Left out: bio_endio() of a failed ioend by its task; the interrupt does that, without a transfer.
    """
    if wpc.ioend is None:
        return error
    with atomic("submit_bio(): nobody has seen the ioend before"):
        xfs_prepare_ioend(wpc.ioend)
        if error != OK:
            note_failure_of_ioend(wpc.ioend)
            wpc.ioend.bi_status = error
        submit_bio(wpc.ioend)
        note_unsubmitted(wpc.current, 0)
    wpc.ioend = None
    return error


@primitive("fs/iomap/buffered-io.c")
def iomap_alloc_ioend(wpc: WritepageCtx, pos: loff_t) -> Ioend:
    """A new ioend that begins at pos; waits for a slot, as for a mempool."""
    wait_until(any(io.state == IO_FREE for io in each(Ioend)))
    new: Ioend = None
    for io in each(Ioend):
        if new is None and io.state == IO_FREE:
            new = io
    new.state = IO_BUILT
    new.io_offset = pos
    new.io_size = 0
    new.io_type = wpc.type
    return new


@primitive("fs/iomap/buffered-io.c")
def iomap_can_add_to_ioend(wpc: WritepageCtx, pos: loff_t) -> bool:
    """Does a block at pos continue the ioend, in the file and on disk, and has its bio room?

    Whether bio_add_folio() finds room is asked here too, of the first block of a run: a bio may get longer by the rest of it.
    Left out: shared and boundary mappings, the limit on folios.
    """
    io = wpc.ioend
    continues = io.io_type == wpc.type and io.io_offset + io.io_size == pos
    return continues and io.bi_blocks < BIO_BLOCKS


@primitive("block/bio.c")
def bio_add_folio(ioend: Ioend, folio: Folio, len: loff_t):
    """The bio carries `len` more bytes, of this folio."""
    ioend.bi_blocks += len // BLOCK_SIZE


@kernel("fs/iomap/buffered-io.c")
def iomap_add_to_ioend(wpc: WritepageCtx, folio: Folio, pos: loff_t, end_pos: loff_t, len: loff_t) -> Errno:
    """Add a run of blocks to the ioend that is being built; begin another if they do not fit.

    Left out: errors of ->prepare_ioend; there is nothing in it that can fail.
    """
    fits = False
    if wpc.ioend is not None:
        fits = iomap_can_add_to_ioend(wpc, pos)
    if not fits:
        iomap_submit_ioend(wpc, OK)
        wpc.ioend = iomap_alloc_ioend(wpc, pos)
    with atomic("bio_add_folio(): nobody sees the ioend yet"):
        bio_add_folio(wpc.ioend, folio, len)
        if BLOCKS > 1:
            atomic_add(len, folio.write_bytes_pending)
        wpc.ioend.io_size += len
        wpc.ioend.io_size = clamp_io_size(wpc.ioend.io_offset, wpc.ioend.io_size, end_pos)
        note_unsubmitted(wpc.current, number(folio) + 1)
    return OK


@primitive()
def note_unsubmitted(current: Task, folios: pgoff_t):
    """The ioend that a pass is building ends in the folio before number `folios`; 0: there is none."""
    current.unsubmitted = folios


@kernel("fs/iomap/buffered-io.c")
def iomap_writepage_map_blocks(
    wpc: WritepageCtx,
    wbc: WritebackControl,
    folio: Folio,
    pos: loff_t,
    end_pos: loff_t,
    dirty_len: loff_t,
    count: Place,
) -> Errno:
    """Map a dirty run, mapping by mapping, and add the pieces to ioends.

    Left out: inline data, and the assertion that a run of a folio without an ifs is mapped as a whole: it is one block.
    """
    error: Errno = OK
    while True:
        error = xfs_map_blocks(wpc, wbc, pos)
        if error != OK:
            break
        map_len: loff_t = min(dirty_len, wpc.end - pos)
        if wpc.type != IOMAP_HOLE:
            error = iomap_add_to_ioend(wpc, folio, pos, end_pos, map_len)
            if error == OK:
                count += 1
        dirty_len -= map_len
        pos += map_len
        if dirty_len == 0 or error != OK:
            break
    if error != OK:
        xfs_discard_folio(folio, pos)
    return error


@kernel("fs/iomap/buffered-io.c")
def iomap_writepage_handle_eof(folio: Folio, end_pos: Place) -> bool:
    """False: nothing of the folio is inside the file.  Else zero what is outside, and end at EOF.

    Left out: the moment between the look at i_size and the zeroing; the folio lock keeps the bytes.
    """
    isize = i_size_read(inode)
    if folio_crosses_eof(end_pos, isize):
        if folio_beyond_eof(folio_index(folio), isize):
            return False
        folio_zero_segment(folio, offset_in_folio(isize), FOLIO_SIZE)
        end_pos = writeback_end_pos(end_pos, isize)
    return True


@kernel("fs/iomap/buffered-io.c")
def iomap_writepage_map(wpc: WritepageCtx, wbc: WritebackControl, folio: Folio) -> Errno:
    """Write back the dirty blocks of a locked folio, and unlock it.

    Before writeback begins no I/O is in flight, so the ifs is the folio lock's alone.
    """
    pos: loff_t = folio_pos(folio)
    end_pos: loff_t = folio_end_pos(pos)
    count: block_t = 0
    error: Errno = OK
    with atomic("iomap_writepage_handle_eof(): under the folio lock"):
        warn_on(not folio_test_locked(folio))
        warn_on(folio_test_dirty(folio))
        warn_on(folio_test_writeback(folio))
        inside = iomap_writepage_handle_eof(folio, end_pos)
    if not inside:
        folio_unlock(folio)
        return OK
    warn_on(end_pos <= pos)
    with atomic("folio_start_writeback(): under the folio lock"):
        if BLOCKS > 1:
            if not folio.private:
                ifs_alloc(folio)
                iomap_set_range_dirty(folio, 0, end_pos - pos)
            warn_on(atomic_read(folio.write_bytes_pending) != 0)
            atomic_inc(folio.write_bytes_pending)
        folio_start_writeback(folio)
    range_end: loff_t = end_aligned(end_pos)
    while (rlen := iomap_find_dirty_range(folio, pos, range_end)) > 0:
        error = iomap_writepage_map_blocks(wpc, wbc, folio, pos, end_pos, rlen, count)
        if error != OK:
            break
        pos += rlen
    iomap_clear_range_dirty(folio, 0, FOLIO_SIZE)
    folio_unlock(folio)
    if BLOCKS > 1:
        if atomic_dec_and_test(folio.write_bytes_pending):
            folio_end_writeback(folio)
    elif count == 0:
        folio_end_writeback(folio)
    mapping_set_error(mapping, error)
    return error


@kernel("fs/iomap/buffered-io.c")
def iomap_writepages(mapping: AddressSpace, wbc: WritebackControl, wpc: WritepageCtx) -> Errno:
    """Write back the folios of a pass, one after the other, then submit what is left.

    Left out: the assertion against direct reclaim.
    """
    folio: Folio = None
    error: Errno = OK
    while (folio := writeback_iter(mapping, wbc, folio, error)) is not None:
        error = iomap_writepage_map(wpc, wbc, folio)
    return iomap_submit_ioend(wpc, error)


# Files of the kernel call each other in circles, so the imports of other files' functions come last.
from model.block.device import bio_put, note_failure_of_ioend, submit_bio  # noqa: E402
from model.fs.iomap.buffered_io import ifs_alloc, iomap_clear_range_dirty  # noqa: E402
from model.fs.iomap.buffered_io import iomap_find_dirty_range, iomap_set_range_dirty  # noqa: E402
from model.fs.xfs.xfs_aops import xfs_discard_folio, xfs_map_blocks, xfs_prepare_ioend  # noqa: E402
from model.mm.filemap import mapping_set_error  # noqa: E402
from model.mm.page_writeback import folio_end_writeback, folio_start_writeback, writeback_iter  # noqa: E402
