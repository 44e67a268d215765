"""f2fs: compress: fix to call f2fs_wait_on_page_writeback() in f2fs_write_raw_pages() (v6.4).

A raw write lets go of all pages and takes them one by one. Meanwhile somebody else, here kswapd, writes one of them, and a writer
dirties it again: the raw write found it dirty, and began writeback a second time.
"""

from __future__ import annotations

from checker.lang import atomic, kernel, replace, variant

from model.fs.f2fs.compress import f2fs_write_raw_page
from model.fs.f2fs.data import f2fs_take_folio
from model.include.primitives import folio_test_dirty
from model.include.state import Folio, WritebackControl
from model.mm.page_writeback import folio_clear_dirty_for_io
from model.systems.f2fs.scenarios import f2fs, f2fs_cluster_reclaim


@kernel("fs/f2fs/compress.c")
def take_folio_at_once(wbc: WritebackControl, folio: Folio) -> bool:
    """Is a locked folio dirty still?  Nobody asks whether it is under writeback."""
    with atomic("folio_test_dirty(): under the folio lock"):
        wanted = folio.mapping and folio_test_dirty(folio)
    if not wanted:
        return False
    return folio_clear_dirty_for_io(folio)


f2fs_raw_write_second_writeback = variant(
    "A raw write does not wait for writeback of a page that it has locked again.",
    replace(f2fs_take_folio, by=take_folio_at_once, inside=f2fs_write_raw_page), of=f2fs, undoes="babedcbac164",
    scenario=f2fs_cluster_reclaim,
)  # fmt: skip
