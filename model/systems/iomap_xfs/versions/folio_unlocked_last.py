"""iomap: move folio_unlock out of iomap_writeback_folio (f8b6a94a4cca, 6.17).

The folio stays locked until its writeback may have ended and an error is recorded.  Nobody who takes the folio lock comes in between any
more: no truncate, writer, fault or reclaim.  fsync takes no folio lock, so it still may.
"""

from __future__ import annotations

from checker.lang import drop, insert_after, variant

from model.fs.iomap.buffered_io_writeback import iomap_writepage_map
from model.include.primitives import folio_unlock
from model.mm.filemap import mapping_set_error
from model.systems.iomap_xfs.scenarios import default, iomap

folio_unlocked_last = variant(
    "The pass unlocks a folio last, when it has dropped its bias and recorded the error.",
    drop(folio_unlock, inside=iomap_writepage_map, nth=2),
    insert_after(mapping_set_error, folio_unlock, inside=iomap_writepage_map), of=iomap, scenario=default,
)  # fmt: skip
