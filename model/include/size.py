"""Sizes, offsets and indices: functions of their arguments and the scope, and nothing else.

The types of parameters, locals and results are those of the kernel's variables, because
`python -m checker prove` reads these functions as C does: with machine integers that convert
and wrap.  A division by a size is the kernel's shift, a remainder its mask.
"""

from __future__ import annotations

from checker.lang import number, pure

from model.include.state import BLOCKS, BLOCK_SIZE, FOLIO_SIZE, PAGES, PAGE_SIZE, Bio, Folio, Pte, block_t, loff_t
from model.include.state import pgoff_t
from model.include.state import size_t, u64, unsigned_int

# ------------------------------------------------------------------- folios


@pure("include/linux/pagemap.h")
def page_offset(index: pgoff_t) -> loff_t:
    """Where in the file a page begins: the index is widened before it is shifted."""
    pos: loff_t = index
    return pos * PAGE_SIZE


@pure("include/linux/pagemap.h")
def folio_pos(folio: Folio) -> loff_t:
    """Where in the file a folio begins."""
    return number(folio) * FOLIO_SIZE


@pure("include/linux/pagemap.h")
def folio_index(folio: Folio) -> pgoff_t:
    """The index of a folio's first page (folio->index)."""
    return number(folio) * PAGES


@pure("include/linux/pagemap.h")
def folio_next_index(folio: Folio) -> pgoff_t:
    """The index behind a folio."""
    return number(folio) * PAGES + PAGES


@pure("include/linux/mm.h")
def folio_nr_pages(folio: Folio) -> pgoff_t:
    """How many pages a folio has."""
    return PAGES


@pure("include/linux/mm.h")
def offset_in_folio(pos: loff_t) -> size_t:
    """How far into its folio a position lies."""
    return pos % FOLIO_SIZE


@pure("include/linux/page-flags.h")
def page_folio(pte: Pte) -> Folio:
    """The folio of the page that an entry is for."""
    return Folio[number(pte) // PAGES]


# ------------------------------------------------------------------- blocks


@pure("include/linux/math.h")
def round_down_to_block(pos: loff_t) -> loff_t:
    """round_down(pos, i_blocksize(inode))."""
    return pos // BLOCK_SIZE * BLOCK_SIZE


@pure("include/linux/math.h")
def round_up_to_block(pos: loff_t) -> loff_t:
    """round_up(pos, i_blocksize(inode))."""
    return (pos + BLOCK_SIZE - 1) // BLOCK_SIZE * BLOCK_SIZE


@pure("include/linux/math.h")
def round_down_to_page(pos: loff_t) -> loff_t:
    """round_down(pos, PAGE_SIZE)."""
    return pos // PAGE_SIZE * PAGE_SIZE


@pure("include/linux/math.h")
def round_up_to_page(pos: loff_t) -> loff_t:
    """round_up(pos, PAGE_SIZE)."""
    return (pos + PAGE_SIZE - 1) // PAGE_SIZE * PAGE_SIZE


@pure("fs/xfs/libxfs/xfs_format.h")
def XFS_B_TO_FSB(pos: u64) -> block_t:
    """The first block that begins at or behind a position."""
    return (pos + BLOCK_SIZE - 1) // BLOCK_SIZE


@pure("fs/xfs/libxfs/xfs_format.h")
def XFS_B_TO_FSBT(pos: u64) -> block_t:
    """The block that a position lies in."""
    return pos // BLOCK_SIZE


@pure("include/linux/pagemap.h")
def dir_pages_end(pos: loff_t) -> pgoff_t:
    """The first page that begins at or behind a position."""
    return (pos + PAGE_SIZE - 1) // PAGE_SIZE


# ---------------------------------------------------------- what iomap computes


@pure("fs/iomap/buffered-io.c")
def offset_in_chunk(pos: loff_t, chunk: loff_t) -> loff_t:
    """pos & (chunk - 1), where a chunk is a folio or a page."""
    return pos % FOLIO_SIZE if chunk == FOLIO_SIZE else pos % PAGE_SIZE


@pure("fs/iomap/buffered-io.c")
def folio_end_pos(pos: u64) -> u64:
    """Where the folio at `pos` ends: 2^63 for the last one of the largest file, so no loff_t."""
    return pos + FOLIO_SIZE


@pure("fs/iomap/buffered-io.c")
def folio_crosses_eof(end_pos: u64, isize: loff_t) -> bool:
    """Does a folio that ends at `end_pos` reach beyond `isize`?"""
    return end_pos > isize


@pure("fs/iomap/buffered-io.c")
def folio_beyond_eof(index: pgoff_t, isize: loff_t) -> bool:
    """Does nothing of the folio at `index` lie below `isize`?  Asked of folios that isize does not cover."""
    poff: size_t = offset_in_folio(isize)
    end_index: pgoff_t = isize // PAGE_SIZE
    return index > end_index or (index == end_index and poff == 0)


@pure("fs/iomap/buffered-io.c")
def writeback_end_pos(end_pos: u64, isize: loff_t) -> u64:
    """Where writeback of a folio that ends at `end_pos` ends: there, or at EOF."""
    return isize if folio_crosses_eof(end_pos, isize) else end_pos


@pure("fs/iomap/buffered-io.c")
def end_aligned(end_pos: u64) -> u64:
    """round_up(end_pos, i_blocksize(inode)), in the form that does not overflow before its last step."""
    last: u64 = end_pos - 1
    return last // BLOCK_SIZE * BLOCK_SIZE + BLOCK_SIZE


@pure("fs/iomap/buffered-io.c")
def first_block_of_range(pos: u64) -> unsigned_int:
    """The block of its folio that a position lies in."""
    return pos % FOLIO_SIZE // BLOCK_SIZE


@pure("fs/iomap/buffered-io.c")
def end_block_of_range(range_end: u64) -> unsigned_int:
    """The block of a folio behind a range; min_not_zero(), for the end of the folio is no offset in it."""
    end_blk: unsigned_int = range_end % FOLIO_SIZE // BLOCK_SIZE
    return BLOCKS if end_blk == 0 else end_blk


@pure("fs/iomap/buffered-io.c")
def clamp_io_size(io_offset: loff_t, io_size: size_t, end_pos: loff_t) -> size_t:
    """io_size, or so much of it that the I/O does not reach beyond end_pos.

    No piece begins at or behind the end_pos of its folio, which is read once, under the folio lock; a piece that did would
    make this wrap, and later kernels say 0 then (6.18.40, 7.1.5; CVE-2026-72367).  Here io_size would leave its range.
    """
    return end_pos - io_offset if io_offset + io_size > end_pos else io_size


@pure("block/bio.c")
def bio_covers(io_offset: loff_t, bi_blocks: block_t, block: block_t) -> bool:
    """Does a bio of so many blocks, from io_offset on, carry a block of the file?"""
    return io_offset // BLOCK_SIZE <= block < io_offset // BLOCK_SIZE + bi_blocks


@pure("block/bio.c")
def bio_folio(bio: Bio, block: block_t) -> Folio:
    """The folio of a block, if a bio carries the block, else None."""
    return Folio[block // BLOCKS] if block < bio.behind else None


@pure("block/bio.c")
def bio_folio_length(bio: Bio, folio: Folio) -> loff_t:
    """The bytes of a folio that a bio carries."""
    first = max(bio.first, number(folio) * BLOCKS)
    behind = min(bio.behind, number(folio) * BLOCKS + BLOCKS)
    return (behind - first) * BLOCK_SIZE if behind > first else 0


@pure("fs/xfs/xfs_inode.h")
def xfs_new_eof(new_size: loff_t, isize: loff_t, di_size: loff_t) -> loff_t:
    """The on-disk size after I/O up to new_size: never beyond i_size; 0 if it stays as it is."""
    end = min(new_size, isize)
    return end if end > di_size else 0
