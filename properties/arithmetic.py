"""The arithmetic of sizes, for every value that the kernel's types can have.

A folio of the page cache begins at a multiple of its size, and below the largest file size;
i_size is between 0 and that.  On a machine with a long of 32 bits an index has 32 bits, and the
largest file ends where the last index does.
"""

from __future__ import annotations

from checker.lang import implies, machine, pure, theorem

from model.include.size import XFS_B_TO_FSB, XFS_B_TO_FSBT, clamp_io_size, dir_pages_end, end_aligned
from model.include.size import end_block_of_range, first_block_of_range, folio_beyond_eof, folio_crosses_eof
from model.include.size import folio_end_pos, offset_in_folio, page_offset, writeback_end_pos, xfs_new_eof
from model.include.state import BLOCKS, BLOCK_SIZE, CELLS, FOLIO_SIZE, MAX_LFS_FILESIZE, PAGES, PAGE_SIZE
from model.include.state import block_t, loff_t, pgoff_t, size_t, u64, unsigned_int

PAGE_SHIFT = 12
BLOCK_SHIFTS = range(9, 17)  # 512 .. 65536
FOLIO_ORDERS = range(0, 10)
BIO_MAX_SIZE = 0xFFFFFFFF  # bi_size is an unsigned int


def _geometries(largest):
    """Every block size with every folio that holds a whole number of such blocks."""
    return [
        {
            CELLS: 1 << block,
            BLOCK_SIZE: 1 << block,
            BLOCKS: 1 << (PAGE_SHIFT + order - block),
            PAGES: 1 << order,
            PAGE_SIZE: 1 << PAGE_SHIFT,
            FOLIO_SIZE: 1 << (PAGE_SHIFT + order),
            MAX_LFS_FILESIZE: largest,
        }
        for block in BLOCK_SHIFTS
        for order in FOLIO_ORDERS
        if block <= PAGE_SHIFT + order
    ]


machine_64 = machine("long of 64 bits, files up to LLONG_MAX", 64, _geometries((1 << 63) - 1))
machine_32 = machine(
    "long of 32 bits, files up to ULONG_MAX << PAGE_SHIFT", 32, _geometries(((1 << 32) - 1) << PAGE_SHIFT)
)

IN_CACHE = "a folio at a multiple of its size, below the largest file size; 0 <= i_size <= that size"


@pure()
def in_cache(index: pgoff_t, isize: loff_t) -> bool:
    """Can a folio of the page cache have this index, and a file this size?"""
    return index % PAGES == 0 and page_offset_fits(index) and 0 <= isize <= MAX_LFS_FILESIZE


@pure()
def page_offset_fits(index: pgoff_t) -> bool:
    """Does the page at an index begin below the largest file size?"""
    last: u64 = MAX_LFS_FILESIZE - 1
    return index <= last // PAGE_SIZE


@theorem(assumes="an index of the page cache")
def page_offset_is_exact(index: pgoff_t) -> bool:
    """A page begins at its index times the page size, below the largest file size."""
    return implies(
        page_offset_fits(index),
        0 <= page_offset(index) < MAX_LFS_FILESIZE and page_offset(index) // PAGE_SIZE == index,
    )


@theorem(assumes=IN_CACHE)
def writeback_skips_what_has_no_byte_in_the_file(index: pgoff_t, isize: loff_t) -> bool:
    """Writeback skips a folio exactly if none of its bytes lies below i_size."""
    if not in_cache(index, isize):
        return True
    end_pos: u64 = folio_end_pos(page_offset(index))
    skipped = folio_crosses_eof(end_pos, isize) and folio_beyond_eof(index, isize)
    return skipped == (page_offset(index) >= isize)


@theorem(assumes=IN_CACHE + "; the folio is not skipped")
def writeback_ends_at_eof(index: pgoff_t, isize: loff_t) -> bool:
    """Writeback of a folio ends at its end or at EOF, whichever comes first, and behind its start."""
    if not in_cache(index, isize) or page_offset(index) >= isize:
        return True
    pos: u64 = page_offset(index)
    end_pos: u64 = writeback_end_pos(folio_end_pos(pos), isize)
    is_eof = end_pos == isize and isize - pos <= FOLIO_SIZE
    is_end_of_folio = end_pos - pos == FOLIO_SIZE and end_pos <= isize
    return end_pos > pos and (is_eof or is_end_of_folio)


@theorem(assumes=IN_CACHE + "; the folio crosses EOF and is not skipped")
def tail_is_zeroed_exactly(index: pgoff_t, isize: loff_t, byte: size_t) -> bool:
    """Of a folio that crosses EOF exactly the bytes at and behind i_size are zeroed."""
    if not in_cache(index, isize) or page_offset(index) >= isize or byte >= FOLIO_SIZE:
        return True
    pos: u64 = page_offset(index)
    if not folio_crosses_eof(folio_end_pos(pos), isize):
        return pos + byte < isize
    zeroed = byte >= offset_in_folio(isize)
    return zeroed == (pos + byte >= isize)


@theorem(assumes=IN_CACHE + "; the folio is not skipped")
def dirty_blocks_are_sought_as_far_as_eof(index: pgoff_t, isize: loff_t) -> bool:
    """The search for dirty blocks ends with the block that EOF lies in, inside the folio."""
    if not in_cache(index, isize) or page_offset(index) >= isize:
        return True
    pos: u64 = page_offset(index)
    end_pos: u64 = writeback_end_pos(folio_end_pos(pos), isize)
    range_end: u64 = end_aligned(end_pos)
    return (
        range_end % BLOCK_SIZE == 0
        and end_pos <= range_end
        and range_end - end_pos < BLOCK_SIZE
        and pos < range_end <= folio_end_pos(pos)
    )


@theorem(assumes=IN_CACHE + "; a block of the folio, and an end behind it that a search may have")
def block_numbers_of_a_range_are_exact(index: pgoff_t, block: unsigned_int, end: unsigned_int) -> bool:
    """The blocks in which a range of a folio begins and ends are counted from the folio's start."""
    if not in_cache(index, 0) or block >= end or end > BLOCKS:
        return True
    folio_pos: u64 = page_offset(index)
    pos: u64 = folio_pos + block * BLOCK_SIZE
    range_end: u64 = folio_pos + end * BLOCK_SIZE
    return first_block_of_range(pos) == block and end_block_of_range(range_end) == end


@theorem(assumes="an I/O no longer than a bio, that begins inside the file, as does what is added to it")
def io_size_is_clamped_to_the_byte(io_offset: loff_t, io_size: size_t, len: unsigned_int, end_pos: loff_t) -> bool:
    """A run of blocks is added to an I/O up to EOF exactly, and the I/O keeps all that it had."""
    if not (0 <= io_offset < end_pos <= MAX_LFS_FILESIZE and len > 0):
        return True
    if io_size > BIO_MAX_SIZE - len:
        return True
    pos: u64 = io_offset
    pos += io_size
    if pos >= end_pos:
        return True
    clamped: size_t = clamp_io_size(io_offset, io_size + len, end_pos)
    end: u64 = io_offset + clamped
    return clamped > io_size and (end == end_pos or (end == pos + len and end < end_pos))


@theorem(assumes="sizes between 0 and the largest file size")
def recorded_size_is_what_the_io_covers(new_size: loff_t, isize: loff_t, di_size: loff_t) -> bool:
    """Completion raises the on-disk size to the end of the I/O or to i_size, the lower one, or not at all."""
    if not (0 <= new_size <= MAX_LFS_FILESIZE and 0 <= isize <= MAX_LFS_FILESIZE and di_size >= 0):
        return True
    recorded: loff_t = xfs_new_eof(new_size, isize, di_size)
    lower: loff_t = min(new_size, isize)
    return recorded == (lower if lower > di_size else 0)


@theorem(assumes="a size between 0 and the largest file size")
def truncate_keeps_what_begins_inside(lstart: loff_t) -> bool:
    """The first page that truncate removes as a whole is the first that begins at or behind the new size."""
    if not 0 <= lstart <= MAX_LFS_FILESIZE:
        return True
    start: u64 = dir_pages_end(lstart)
    return start * PAGE_SIZE >= lstart and (start == 0 or (start - 1) * PAGE_SIZE < lstart)


@theorem(assumes="a position between 0 and the largest file size")
def block_numbers_are_exact(pos: loff_t) -> bool:
    """Rounded down and up, a position lies between the two blocks."""
    if not 0 <= pos <= MAX_LFS_FILESIZE:
        return True
    block: block_t = XFS_B_TO_FSBT(pos)
    behind: block_t = XFS_B_TO_FSB(pos)
    wide: u64 = pos
    below: u64 = block * BLOCK_SIZE
    above: u64 = behind * BLOCK_SIZE
    return below <= wide <= above and wide - below < BLOCK_SIZE and above - wide < BLOCK_SIZE
