"""The order of things in a buffered write."""

from __future__ import annotations

from checker.lang import drop, insert_after, kernel, variant

from model.fs.iomap.buffered_io import __iomap_put_folio, iomap_write_end, iomap_write_iter
from model.include.state import Folio, IomapIter, loff_t
from model.systems.iomap_xfs.scenarios import append_flush, iomap


@kernel("fs/iomap/buffered-io.c")
def put_folio_early(iter: IomapIter, pos: loff_t, written: loff_t, folio: Folio):
    """Unlock the folio as soon as the data is in it."""
    __iomap_put_folio(iter, pos, written, folio)


unlock_before_size = variant(
    "The writer unlocks the folio before it raises i_size.",
    drop(__iomap_put_folio, inside=iomap_write_iter),
    insert_after(iomap_write_end, put_folio_early, inside=iomap_write_iter), of=iomap, scenario=append_flush,
)  # fmt: skip
