"""fs/netfs/misc.c: the record of a streaming write, of which a truncate or a hole takes a part away.

A small model of its own, of one folio that is not uptodate: its cells, and the record of which of them are to be sent.
The folio is locked for each of the operations, so that each of them is one step.
Left out: groups, zero_point, the end of the file, folios that are uptodate, which have no record.
"""

from __future__ import annotations

from checker.lang import Array, Field, Flag, Range, Struct, baseline, choose, kernel, override, primitive, scenario
from checker.lang import thread, variant

STREAM_CELLS = 4

cell_t = Range(0, STREAM_CELLS)


class StreamFolio(Struct):
    """A folio that holds a streaming write: struct netfs_folio, while `recorded`, and what each cell holds and should.

    written: somebody has written the cell, and nobody has cut it since.  sent: the server has what the cell should hold.
    """

    recorded = Flag("finfo")
    dirty_offset = Field(cell_t, "dirty_offset")
    dirty_len = Field(cell_t, "dirty_len")
    written = Array(Flag("written"), STREAM_CELLS)
    sent = Array(Flag("sent"), STREAM_CELLS)


folio = StreamFolio[0]


@primitive("fs/netfs/buffered_write.c")
def netfs_stream_write(offset: cell_t, copied: cell_t):
    """Copy into a folio that is not uptodate: a new record, or one that goes on where it ends; else the folio is flushed first."""
    end = folio.dirty_offset + folio.dirty_len
    if folio.recorded and offset != end:
        netfs_write_record()
    if folio.recorded:
        folio.dirty_len = min(folio.dirty_len + copied, STREAM_CELLS)
    else:
        folio.recorded = True
        folio.dirty_offset = offset
        folio.dirty_len = copied
    for k in range(0, STREAM_CELLS):
        if offset <= k < offset + copied:
            folio.written[k] = True
            folio.sent[k] = False


@primitive("fs/netfs/write_issue.c")
def netfs_write_record():
    """Send what the record speaks of; then there is none."""
    for k in range(0, STREAM_CELLS):
        if folio.recorded and folio.dirty_offset <= k < folio.dirty_offset + folio.dirty_len:
            folio.sent[k] = True
    netfs_forget_record()


@primitive("fs/netfs/misc.c")
def netfs_forget_record():
    """kfree(finfo)."""
    folio.recorded = False
    folio.dirty_offset = 0
    folio.dirty_len = 0


@primitive("fs/netfs/misc.c")
def netfs_move_start(fend: cell_t, offset: cell_t, iend: cell_t):
    """The start of the data is invalidated: the record gets the length of the rest, and begins where the invalidation does."""
    folio.dirty_len = fend - iend
    folio.dirty_offset = offset


@primitive("mm/truncate.c")
def cut(offset: cell_t, iend: cell_t):
    """What is cut is zero from now on, and the server hears of it by another way than writeback."""
    for k in range(0, STREAM_CELLS):
        if offset <= k < iend:
            folio.written[k] = False
            folio.sent[k] = False


@kernel("fs/netfs/misc.c")
def netfs_invalidate_folio(offset: cell_t, iend: cell_t):
    """[offset, iend) of the folio is invalidated; iend is behind offset."""
    fstart: cell_t = folio.dirty_offset
    fend: cell_t = min(folio.dirty_offset + folio.dirty_len, STREAM_CELLS)
    cut(offset, iend)
    if not folio.recorded or offset >= fend or iend <= fstart:
        return
    if offset <= fstart and iend >= fend:
        netfs_forget_record()
    elif offset <= fstart:
        netfs_move_start(fend, offset, iend)
    elif iend >= fend:
        folio.dirty_len = offset - fstart


@primitive()
def stream_or_cut():
    """write(2) of some cells, a hole or a truncate of some, or writeback."""
    offset: cell_t = choose(range(0, STREAM_CELLS))
    end: cell_t = choose(range(1, STREAM_CELLS + 1))
    what = choose(range(0, 3))
    if what == 2:
        netfs_write_record()
    elif offset < end and what == 0:
        netfs_stream_write(offset, end - offset)
    elif offset < end:
        netfs_invalidate_folio(offset, end)


def netfs_stream_step():
    """One operation on the folio."""
    stream_or_cut()


netfs_streaming = baseline("Linux 6.13.1: the record of a streaming write in netfs.")

netfs_stream_is_cut = scenario(
    "A folio with a streaming write, of which parts are cut; writes and writeback.",
    thread("task", netfs_stream_step), bound=3, of=netfs_streaming, properties=("netfs_streamed_data_is_recorded",),
)  # fmt: skip


@primitive("fs/netfs/misc.c")
def netfs_move_start_behind(fend: cell_t, offset: cell_t, iend: cell_t):
    """The record begins where the invalidation ends."""
    folio.dirty_len = fend - iend
    folio.dirty_offset = iend


netfs_record_begins_behind = variant(
    "A record whose start is invalidated begins behind what is invalidated.",
    override(netfs_move_start, by=netfs_move_start_behind), of=netfs_streaming, scenario=netfs_stream_is_cut,
)  # fmt: skip
