"""iomap: write iomap validity checks; xfs: use iomap_valid method to detect stale cached iomaps (v6.2).

A write has looked its extent up: unwritten.  Before it comes to the folio, the I/O of older data completes and
converts the extent, and reclaim drops the clean folio.  The write makes a new one, trusts that there is nothing
to read, and fills with zeros what it does not write itself: the older data is overwritten.
"""

from __future__ import annotations

from checker.lang import atomic, primitive, replace, scenario, thread, variant

from model.fs.iomap.buffered_io import ifs_free, iomap_write_begin
from model.fs.xfs.xfs_iomap import xfs_iomap_valid
from model.mm.truncate import filemap_remove_folio
from model.operations import APPEND_A, APPEND_B, ON_DISK, append, background, file_on_disk
from model.primitives import folio_trylock, folio_unlock
from model.scenarios import COMPLETION, LOCK_ORDER, iomap
from model.state import BLOCKS, FOLIOS, IOENDS, Folio, IomapIter


def reclaim_page_cache():
    """Memory pressure: drop the first folio if it is clean and idle (shrink_folio_list(), iomap_release_folio())."""
    folio: Folio = Folio[0]
    if folio_trylock(folio):
        with atomic("__remove_mapping(): under the folio lock and i_pages.xa_lock"):
            if folio.mapping and not folio.dirty and not folio.writeback:
                ifs_free(folio)
                filemap_remove_folio(folio)
        folio_unlock(folio)


@primitive("fs/iomap/buffered-io.c")
def iomap_always_valid(iter: IomapIter) -> bool:
    """Without ->iomap_valid a mapping is taken for what it was."""
    return True


reclaim_under_a_write = scenario(
    "A block that is appended to twice, the flusher, and memory reclaim.",
    thread("writer", append),
    thread("flusher", background),
    thread("reclaim", reclaim_page_cache),
    *COMPLETION,
    setup=file_on_disk,
    scope={FOLIOS: 1, BLOCKS: 1, ON_DISK: 0, APPEND_A: 1, APPEND_B: 1, IOENDS: 2},
    bound=4,
    of=iomap,
    lock_order=LOCK_ORDER,
    properties=("no_write_is_lost", "reads_return_what_was_written"),
)

iomap_stale_map_after_reclaim = variant(
    "A write does not ask whether its mapping is still valid once it has the folio lock.",
    replace(xfs_iomap_valid, by=iomap_always_valid, inside=iomap_write_begin),
    of=iomap,
    undoes="d7b64041164c",
    scenario=reclaim_under_a_write,
)
