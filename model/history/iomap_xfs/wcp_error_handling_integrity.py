"""mm/page-writeback.c: don't break integrity writeback on ->writepage() error (v5.0).

A data-integrity pass stops at the first folio that cannot be written.  The folios behind it are neither written
nor failed, although fsync has to do one or the other with everything in its range.
"""

from __future__ import annotations

from checker.lang import Place, kernel, override, process, scenario, variant

from model.history.iomap_xfs.wcp_cyclic_wrap_deadlock import writeback_iter_begins
from model.history.iomap_xfs.wcp_integrity_stops_on_budget import writeback_iter_stops_at
from model.include.size import folio_nr_pages
from model.include.state import BLOCKS, CELLS, ERRORS, IOENDS, OK, WB_SYNC_ALL, AddressSpace, File, Folio
from model.include.state import WritebackControl
from model.mm.page_writeback import writeback_get_folio, writeback_iter
from model.systems.iomap_xfs.operations import APPEND_A, APPEND_B, ON_DISK, append, file_on_disk, fsync
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap

failing_fsync = scenario(
    "Two folios, one failure: a write to both, and fsync.",
    process("writer", append), process("fsync", fsync, per=File), *COMPLETION, setup=file_on_disk,
    scope={BLOCKS: 1, CELLS: 1, ON_DISK: 0, APPEND_A: 2, APPEND_B: 2, ERRORS: 1, IOENDS: 2}, of=iomap,
    lock_order=LOCK_ORDER, properties=("integrity_passes_leave_nothing_behind", "fsync_makes_durable"),
)  # fmt: skip


@kernel("mm/page-writeback.c")
def writeback_iter_stops_on_error(
    mapping: AddressSpace, wbc: WritebackControl, folio: Folio, error: Place
) -> Folio:
    """Every pass stops at the first error."""
    if folio is None:
        writeback_iter_begins(mapping, wbc, error)
    else:
        wbc.nr_to_write -= folio_nr_pages(folio)
        if error != OK or (wbc.nr_to_write <= 0 and wbc.sync_mode != WB_SYNC_ALL):
            writeback_iter_stops_at(mapping, wbc, folio)
            return None
    folio = writeback_get_folio(mapping, wbc)
    if folio is None:
        if wbc.range_cyclic:
            mapping.writeback_index = 0
        error = OK
    return folio


wcp_error_handling_integrity = variant(
    "A data-integrity pass stops at the first folio that cannot be written.",
    override(writeback_iter, by=writeback_iter_stops_on_error), of=iomap, undoes="3fa750dcf29e", scenario=failing_fsync,
)  # fmt: skip
