"""Dirty state on its three levels: block bits, folio flags, marks of the xarray."""

from __future__ import annotations

from checker.lang import each, implies, invariant, is_locked, number, old, transition_invariant

from model.include.state import BLOCKS, CELLS, DATA, FOLIOS, FOLIO_SIZE, INODE_LISTS, IOMAP_DELALLOC, NEW, Block, Cell
from model.include.state import Folio, Inode, Task, inode, mapping
from properties.witnesses import an_integrity_pass_finds_a_folio_that_was_dirtied_late
from properties.witnesses import the_flusher_has_the_inode, the_flusher_is_about_to_write_the_inode


@invariant
def dirty_folios_are_marked(folio: Folio):
    """A dirty folio in the page cache carries the DIRTY mark, so that writeback finds it."""
    return implies(folio.mapping and folio.dirty, folio.tag_dirty)


@invariant
def writeback_folios_are_marked(folio: Folio):
    """A folio in the page cache carries the WRITEBACK mark exactly while it is under writeback."""
    return implies(folio.mapping, folio.writeback == folio.tag_writeback)


@invariant
def towrite_is_on_dirty_marks(folio: Folio):
    """TOWRITE is set only where DIRTY is."""
    return implies(folio.tag_towrite, folio.tag_dirty)


@invariant
def new_data_is_marked(cell: Cell):
    """A folio with data that the device lacks always carries DIRTY or WRITEBACK, so that fsync sees it."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    newer = folio.mapping and folio.data[number(cell) % FOLIO_SIZE] == NEW and cell.volatile != NEW
    return implies(
        cell.logical == DATA and number(cell) < inode.i_size and newer and not is_locked(inode.i_rwsem),
        folio.tag_dirty or folio.tag_writeback,
    )


@transition_invariant
def towrite_goes_when_writeback_begins(folio: Folio):
    """TOWRITE is cleared by whoever begins writeback of the folio, or with the folio."""
    return implies(
        old(folio.tag_towrite) and not folio.tag_towrite,
        (folio.writeback and not old(folio.writeback)) or not folio.mapping,
    )


@invariant
def dirty_folios_have_dirty_blocks(folio: Folio):
    """An unlocked dirty folio with block bits has at least one of them set."""
    return implies(
        folio.dirty and folio.private and not is_locked(folio.locked),
        any(folio.ifs_dirty[b] for b in range(0, BLOCKS)),
    )


@invariant
def dirty_blocks_are_in_dirty_folios(cell: Cell):
    """A dirty block inside the file is in a dirty folio; a truncate on its way may have left it behind."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    return implies(
        folio.private and folio.ifs_dirty[number(cell) // CELLS % BLOCKS] and number(cell) < inode.i_size
        and not is_locked(folio.locked) and not is_locked(inode.i_rwsem),
        folio.dirty,
    )  # fmt: skip


@invariant(witness=an_integrity_pass_finds_a_folio_that_was_dirtied_late)
def integrity_passes_write_what_they_were_asked_for(folio: Folio):
    """A data-integrity pass writes no folio that was dirty neither when it began nor at a later tagging."""
    return not folio.unasked


@invariant
def integrity_passes_leave_nothing_behind(folio: Folio):
    """When no data-integrity pass is under way, no folio that one of them was asked for is still dirty."""
    return implies(folio.tag_towrite and folio.dirty, any(task.in_pass for task in each(Task)))


@invariant
def clean_folios_carry_no_marks(folio: Folio):
    """A clean folio that nobody has locked, and that is not under writeback, carries neither DIRTY nor TOWRITE."""
    idle = not folio.dirty and not folio.writeback and not is_locked(folio.locked)
    return implies(
        folio.mapping and idle and not is_locked(inode.i_rwsem), not folio.tag_dirty and not folio.tag_towrite
    )


@transition_invariant
def nobody_dirties_behind_a_truncate(folio: Folio):
    """While a truncate drops what lies behind EOF, nobody dirties it: each pass would find it once more."""
    behind = number(folio) * FOLIO_SIZE >= inode.i_size and number(folio) * FOLIO_SIZE >= old(inode.i_size)
    return implies(
        is_locked(mapping.invalidate_lock) and folio.mapping and behind, old(folio.dirty) or not folio.dirty
    )


@invariant
def no_folio_starves(folio: Folio):
    """Of so many background passes as the file has folios, and two more, one comes to each folio that is dirty."""
    return folio.passes <= FOLIOS + 1


@invariant(witness=the_flusher_has_the_inode)
def dirty_inodes_are_on_a_list(folio: Folio):
    """A dirty folio that nobody has locked is in an inode that is marked dirty and on the flusher's lists."""
    return implies(
        INODE_LISTS > 0 and folio.dirty and not is_locked(folio.locked) and not inode.i_sync,
        inode.i_dirty_pages and inode.i_io_list,
    )


@invariant(witness=the_flusher_is_about_to_write_the_inode)
def changed_inodes_are_on_a_list():
    """An inode that is marked dirty for what it holds itself is on the flusher's lists, or the flusher has it."""
    return implies(INODE_LISTS > 0 and inode.i_dirty_sync and not inode.i_sync, inode.i_io_list)


@invariant(witness=the_flusher_is_about_to_write_the_inode)
def a_changed_inode_is_written():
    """An inode that has changed and is not written is marked dirty, or the flusher is about to write it."""
    return implies(
        INODE_LISTS > 0 and inode.changed and not is_locked(inode.i_rwsem), inode.i_dirty_sync or inode.i_sync
    )


@invariant
def reservations_are_for_dirty_blocks(block: Block):
    """Space is reserved only for blocks that are dirty, unless a write or truncate is on its way."""
    folio = Folio[number(block) // BLOCKS]
    dirty = folio.mapping and folio.dirty and (not folio.private or folio.ifs_dirty[number(block) % BLOCKS])
    return implies(
        block.extent == IOMAP_DELALLOC and not is_locked(folio.locked) and not is_locked(inode.i_rwsem), dirty
    )


@transition_invariant
def clean_inodes_leave_the_lists(inode: Inode):
    """An inode that the flusher lets go of, and that has no dirty folio, is on none of its lists any more."""
    let_go = old(inode.i_sync) and not inode.i_sync
    return implies(let_go and not any(folio.tag_dirty for folio in each(Folio)), not inode.i_io_list)
