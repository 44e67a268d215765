"""iomap: write iomap validity checks; xfs: use iomap_valid method to detect stale cached iomaps (v6.2).

A write has looked its extent up: unwritten.  Before it comes to the folio, the I/O of older data completes and
converts the extent, and reclaim drops the clean folio.  The write makes a new one, trusts that there is nothing
to read, and fills with zeros what it does not write itself: the older data is overwritten.
"""

from __future__ import annotations

from checker.lang import primitive, replace, variant

from model.fs.iomap.buffered_io import iomap_write_begin
from model.fs.xfs.xfs_iomap import xfs_iomap_valid
from model.include.state import IomapIter
from model.systems.iomap_xfs.scenarios import iomap
from model.systems.iomap_xfs.scenarios_cache import reclaim_writer


@primitive("fs/iomap/buffered-io.c")
def iomap_always_valid(iter: IomapIter) -> bool:
    """Without ->iomap_valid a mapping is taken for what it was."""
    return True


iomap_stale_map_after_reclaim = variant(
    "A write does not ask whether its mapping is still valid once it has the folio lock.",
    replace(xfs_iomap_valid, by=iomap_always_valid, inside=iomap_write_begin), of=iomap, undoes="d7b64041164c",
    scenario=reclaim_writer,
)  # fmt: skip
