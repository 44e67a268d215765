"""What counterexamples draw: the file in the page cache, and what a power failure would leave of it."""

from __future__ import annotations

from checker.lang import drawing

from model.include.f2fs import NEW_ADDR, NULL_ADDR, Page, Sbi
from model.include.state import CELLS, IOMAP_DELALLOC, IOMAP_HOLE, IOMAP_UNWRITTEN, NEW, OLD, PAGE_SIZE, STALE, ZERO
from model.include.state import Block, Cell
from model.include.state import Folio, Inode, Log

LETTERS = {STALE: "s", ZERO: "0", OLD: "d", NEW: "D"}
LEGEND = "D data, d older data, 0 zeros, s whatever was there before, . hole"

page_cache = drawing(
    "page cache",
    Folio.data,
    LETTERS,
    group=CELLS,
    marks=(Inode.i_size,),
    over={Folio.mapping: {False: " "}},
    legend=LEGEND,
)
on_disk = drawing(
    "disk",
    Cell.durable,
    LETTERS,
    group=CELLS,
    marks=(Log.di_size,),
    over={Block.logged: {IOMAP_HOLE: ".", IOMAP_DELALLOC: ".", IOMAP_UNWRITTEN: "."}},
    durable=True,
    legend=LEGEND,
)
on_disk_later = drawing(
    "disk, once flushed",
    Cell.volatile,
    LETTERS,
    group=CELLS,
    marks=(Inode.i_disk_size,),
    over={Block.extent: {IOMAP_HOLE: ".", IOMAP_DELALLOC: ".", IOMAP_UNWRITTEN: "."}},
    durable=True,
    legend=LEGEND,
)
f2fs_blocks = drawing(
    "blocks",
    Page.block,
    LETTERS,
    group=PAGE_SIZE,
    over={Page.addr: {NULL_ADDR: ".", NEW_ADDR: "."}},
    durable=True,
    legend=LEGEND,
)
f2fs_recovered = drawing(
    "recovered",
    Page.image_block,
    LETTERS,
    group=PAGE_SIZE,
    marks=(Sbi.image_size,),
    over={Page.image: {NULL_ADDR: ".", NEW_ADDR: "."}},
    durable=True,
    legend=LEGEND,
)
