"""Truncate against writeback that is under way."""

from __future__ import annotations

from checker.lang import drop, variant

from model.mm.page_writeback import folio_wait_writeback
from model.mm.truncate import truncate_inode_pages_range
from model.systems.iomap_xfs.scenarios import iomap, one_block_folios

truncate_skips_writeback_wait = variant(
    "Truncate does not wait for writeback of the folios that it drops.",
    drop(folio_wait_writeback, inside=truncate_inode_pages_range), of=iomap, scenario=one_block_folios,
)  # fmt: skip
