"""A mistake of iomap: refactor the writeback interface (fb7399cf2d0b, 6.17), mended in 7.3.2.

Where ->writeback_submit() fails in the middle of a pass, the bio has been completed with the error and is gone; since 6.17 the context of
the pass still points to it, and the end of iomap_writepages() submits it once more.  On XFS only the conversion of copy-on-write
extents can fail there, which the model has not; here any preparation may, as often as the device.
"""

from __future__ import annotations

from checker.lang import Place, atomic, choose, kernel, number, override, primitive, scenario, variant

from model.block.device import note_failure_of_folio, note_failure_of_ioend, submit_bio
from model.fs.iomap.buffered_io_writeback import bio_add_folio, clamp_io_size, iomap_add_to_ioend, iomap_alloc_ioend
from model.fs.iomap.buffered_io_writeback import iomap_can_add_to_ioend, iomap_submit_ioend, note_unsubmitted
from model.fs.xfs.xfs_aops import xfs_prepare_ioend
from model.include.primitives import atomic_add
from model.include.state import BIO_BLOCKS, BLOCKS, EIO, OK, Errno, Folio, WritepageCtx, loff_t, mapping
from model.systems.iomap_xfs.scenarios import CONSEQUENCES, errors, iomap

# Not judged here is what fsync returns: that an error is recorded late is a finding of `errors`, and would come first.
submits_that_fail = scenario(
    "One failure, also of the preparation of an I/O, of which each carries a block; two that call fsync.",
    like=errors, scope={BIO_BLOCKS: 1}, bound=3, properties=CONSEQUENCES
)  # fmt: skip


@primitive("fs/xfs/xfs_aops.c")
def preparation_fails() -> bool:
    """A conversion in ->prepare_ioend() fails, if anything may fail any more."""
    fails = False
    if mapping.failures_left > 0:
        fails = choose(False, True)
        if fails:
            mapping.failures_left -= 1
    return fails


@kernel("fs/iomap/buffered-io.c")
def prepare_and_submit(wpc: WritepageCtx, error: Place):
    """What iomap_submit_ioend() does with an ioend, where ->prepare_ioend() may fail.  Left out: as there."""
    with atomic("submit_bio(): nobody has seen the ioend before"):
        xfs_prepare_ioend(wpc.ioend)
        if error == OK:
            if preparation_fails():
                error = EIO
        if error != OK:
            note_failure_of_ioend(wpc.ioend)
            wpc.ioend.bi_status = error
        submit_bio(wpc.ioend)
        note_unsubmitted(wpc.current, 0)


@kernel("fs/iomap/buffered-io.c")
def submit_or_fail(wpc: WritepageCtx, error: Errno) -> Errno:
    """iomap_submit_ioend() of 6.13: the ioend is the pass's no longer, whatever happened."""
    if wpc.ioend is None:
        return error
    prepare_and_submit(wpc, error)
    wpc.ioend = None
    return error


@kernel("fs/iomap/ioend.c")
def submit_and_remember(wpc: WritepageCtx, error: Errno) -> Errno:
    """The same since 6.17: after a failure the pass goes on pointing to the ioend."""
    if wpc.ioend is None:
        return error
    prepare_and_submit(wpc, error)
    if error == OK:
        wpc.ioend = None
    return error


@kernel("fs/iomap/buffered-io.c")
def add_or_fail(wpc: WritepageCtx, folio: Folio, pos: loff_t, end_pos: loff_t, len: loff_t) -> Errno:
    """iomap_add_to_ioend(), which returns the error of the ioend that it has submitted; then this block is not written either."""
    fits = False
    if wpc.ioend is not None:
        fits = iomap_can_add_to_ioend(wpc, pos)
    if not fits:
        error = iomap_submit_ioend(wpc, OK)
        if error != OK:
            note_failure_of_folio(folio, pos)
            return error
        wpc.ioend = iomap_alloc_ioend(wpc, pos)
    with atomic("bio_add_folio(): nobody sees the ioend yet"):
        bio_add_folio(wpc.ioend, folio, len)
        if BLOCKS > 1:
            atomic_add(len, folio.write_bytes_pending)
        wpc.ioend.io_size += len
        wpc.ioend.io_size = clamp_io_size(wpc.ioend.io_offset, wpc.ioend.io_size, end_pos)
        note_unsubmitted(wpc.current, number(folio) + 1)
    return OK


submit_may_fail = variant(
    "The preparation of an I/O may fail in the middle of a pass.",
    override(iomap_add_to_ioend, by=add_or_fail), override(iomap_submit_ioend, by=submit_or_fail), of=iomap, scenario=submits_that_fail,
)  # fmt: skip

failed_submit_is_submitted_again = variant(
    "The preparation of an I/O may fail in the middle of a pass, whose end submits it once more.",
    override(iomap_add_to_ioend, by=add_or_fail), override(iomap_submit_ioend, by=submit_and_remember), of=iomap,
    scenario=submits_that_fail,
)  # fmt: skip
