"""Arithmetic of sizes that is right for small files: what `python -m checker prove` is for."""

from __future__ import annotations

from checker.lang import override, pure, variant

from model.include.size import clamp_io_size, end_aligned, folio_beyond_eof, folio_crosses_eof, folio_end_pos
from model.include.size import offset_in_folio
from model.include.state import BLOCK_SIZE, FOLIO_SIZE, PAGE_SIZE, loff_t, pgoff_t, size_t, u64, unsigned_int
from model.systems.iomap_xfs.scenarios import iomap


@pure("fs/iomap/buffered-io.c")
def folio_end_pos_signed(pos: loff_t) -> loff_t:
    """Where the folio at `pos` ends, as a loff_t."""
    return pos + FOLIO_SIZE


@pure("fs/iomap/buffered-io.c")
def folio_crosses_eof_signed(end_pos: loff_t, isize: loff_t) -> bool:
    """Does a folio that ends at `end_pos` reach beyond `isize`?"""
    return end_pos > isize


@pure("fs/iomap/buffered-io.c")
def folio_beyond_eof_narrow(index: pgoff_t, isize: loff_t) -> bool:
    """Does nothing of the folio at `index` lie below `isize`?"""
    poff: size_t = offset_in_folio(isize)
    end_index: unsigned_int = isize // PAGE_SIZE
    return index > end_index or (index == end_index and poff == 0)


@pure("fs/iomap/buffered-io.c")
def folio_beyond_eof_plus_one(index: pgoff_t, isize: loff_t) -> bool:
    """Does nothing of the folio at `index` lie below `isize`?"""
    poff: size_t = offset_in_folio(isize)
    end_index: pgoff_t = isize // PAGE_SIZE
    return index >= end_index + 1 or (index == end_index and poff == 0)


@pure("fs/iomap/buffered-io.c")
def clamp_io_size_alone(io_offset: loff_t, io_size: size_t, end_pos: loff_t) -> size_t:
    """io_size, or end_pos if that is less."""
    return end_pos if io_size > end_pos else io_size


@pure("fs/iomap/buffered-io.c")
def end_aligned_down(end_pos: u64) -> u64:
    """round_down(end_pos, i_blocksize(inode))."""
    return end_pos // BLOCK_SIZE * BLOCK_SIZE


@pure("fs/iomap/buffered-io.c")
def end_aligned_signed(end_pos: loff_t) -> loff_t:
    """(end_pos + blocksize - 1) / blocksize * blocksize, as a loff_t."""
    size: loff_t = BLOCK_SIZE
    return (end_pos + size - 1) // BLOCK_SIZE * BLOCK_SIZE


signed_end_pos = variant(
    "The end of a folio is computed and compared as a loff_t.",
    override(folio_end_pos, by=folio_end_pos_signed), override(folio_crosses_eof, by=folio_crosses_eof_signed),
    of=iomap,
)  # fmt: skip

narrow_end_index = variant(
    "The index of the page at EOF is kept in an unsigned int.",
    override(folio_beyond_eof, by=folio_beyond_eof_narrow), of=iomap,
)  # fmt: skip

index_at_least_plus_one = variant(
    "A folio lies beyond EOF if its index is at least one more than that of EOF.",
    override(folio_beyond_eof, by=folio_beyond_eof_plus_one), of=iomap,
)  # fmt: skip

clamp_without_offset = variant(
    "The clamp compares io_size alone with the end.",
    override(clamp_io_size, by=clamp_io_size_alone), of=iomap,
)  # fmt: skip

end_rounded_down = variant(
    "The end of writeback is rounded down to a block.",
    override(end_aligned, by=end_aligned_down), of=iomap,
)  # fmt: skip

end_rounded_up_signed = variant(
    "The end of writeback is rounded up as a loff_t.",
    override(end_aligned, by=end_aligned_signed), of=iomap,
)  # fmt: skip
