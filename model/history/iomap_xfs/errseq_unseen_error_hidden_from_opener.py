"""errseq: Always report a writeback error once (v4.17).

Somebody writes and closes, writeback fails, and then somebody opens the file.  If the sample that open takes of
wb_err is the present value, the new file never learns of an error that nobody has seen.
"""

from __future__ import annotations

from checker.lang import atomic, kernel, number, primitive, process, replace, scenario, thread, variant

from model.fs.xfs.xfs_file import xfs_file_fsync
from model.include.state import BLOCKS, CELLS, ERRORS, FOLIOS, IOENDS, OPENERS, AddressSpace, File, Task, errseq_t
from model.include.state import mapping
from model.mm.filemap import note_fsync_returns
from model.systems.iomap_xfs.operations import ON_DISK, OVERWRITE_LEN, OVERWRITE_POS, background, file_on_disk, overwrite
from model.systems.iomap_xfs.scenarios import COMPLETION, LOCK_ORDER, iomap


@primitive("lib/errseq.c")
def errseq_sample(mapping: AddressSpace) -> errseq_t:
    """What a new file has seen: nothing, if there is an error that nobody has seen."""
    return mapping.wb_err if mapping.wb_err % 2 == 1 else 0


@primitive("lib/errseq.c")
def errseq_sample_present(mapping: AddressSpace) -> errseq_t:
    """The present value."""
    return mapping.wb_err


@kernel("fs/open.c")
def do_dentry_open(file: File):
    """open(2)."""
    with atomic("errseq_sample(): the file is new, nobody else has it"):
        file.f_wb_err = errseq_sample(mapping)
        note_open(file)


@primitive()
def note_open(file: File):
    """What somebody has been told already, a new file is not told again."""
    if mapping.wb_err % 2 == 1:
        file.owed = False


def open_and_fsync(file: File):
    """open(2), then fsync(2)."""
    do_dentry_open(file)
    error = xfs_file_fsync(Task[number(file) + 2], file)
    note_fsync_returns(file, error)


opened_later = scenario(
    "One block and one failure of the device: a writer, the flusher, and one that opens the file for an fsync.",
    thread("writer", overwrite), thread("flusher", background), process("opener", open_and_fsync, per=File),
    *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, ERRORS: 1, IOENDS: 2},
    bound=2, of=iomap, lock_order=LOCK_ORDER, properties=("fsync_reports_errors", "errors_are_reported_once"),
)  # fmt: skip

two_open_later = scenario(
    "As opened_later, with two that open the file: the second is not told what the first has been told.",
    process("writer", overwrite), process("flusher", background), process("opener", open_and_fsync, per=File),
    *COMPLETION, setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, CELLS: 1, ON_DISK: 1, OVERWRITE_POS: 0, OVERWRITE_LEN: 1, ERRORS: 1, OPENERS: 2, IOENDS: 3},
    of=iomap, lock_order=LOCK_ORDER, properties=("fsync_reports_errors", "errors_are_reported_once"),
)  # fmt: skip

errseq_unseen_error_hidden_from_opener = variant(
    "open(2) samples wb_err as it is, whether or not anybody has seen the error.",
    replace(errseq_sample, by=errseq_sample_present, inside=do_dentry_open), of=iomap, undoes="b4678df184b3",
    scenario=opened_later,
)  # fmt: skip
