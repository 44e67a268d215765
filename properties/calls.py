"""What a system call has done when it returns, and that it returns."""

from __future__ import annotations

from checker.lang import implies, invariant, is_locked, leads_to, number

from model.include.state import BLOCKS, CELLS, FOLIO_SIZE, STALE, AddressSpace, Cell, Folio, Inode, inode
from model.systems.iomap_xfs.scenarios import iomap
from properties.witnesses import io_is_in_flight, the_flusher_has_the_inode


EVERYBODY = ("task", "writer", "truncater", "puncher", "mapper", "fsync", "flusher", "irq", "kworker")


@leads_to(of=iomap, fair=EVERYBODY)
def system_calls_end(inode: Inode):
    """A write, a truncate or a hole punch comes to its end, if the device and those that hold locks go on."""
    return is_locked(inode.i_rwsem), not is_locked(inode.i_rwsem)


@leads_to(of=iomap, fair=EVERYBODY)
def faults_end(mapping: AddressSpace):
    """Nobody keeps invalidate_lock: neither a page fault that reads its page under it, nor a truncate."""
    return is_locked(mapping.invalidate_lock), not is_locked(mapping.invalidate_lock)


@invariant(of=iomap, witness=the_flusher_has_the_inode)
def sync_writes_what_was_dirty(inode: Inode):
    """When sync(2) returns, the device has all that the caller has written before."""
    return not inode.unsynced


@invariant(of=iomap, witness=io_is_in_flight)
def invalidation_leaves_nothing_cached(inode: Inode):
    """When invalidate_inode_pages2() says that it has succeeded, and nobody maps the file, no folio is cached."""
    return not inode.cached_still


@invariant(of=iomap)
def failed_writes_leave_nothing_behind_eof(cell: Cell):
    """When no write is under way, a block behind EOF that is marked uptodate holds no memory that nobody has written."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    uptodate = folio.uptodate or (folio.private and folio.ifs_uptodate[number(cell) // CELLS % BLOCKS])
    behind = number(cell) >= inode.i_size and not is_locked(inode.i_rwsem) and not is_locked(folio.locked)
    return implies(behind and folio.mapping and uptodate, folio.data[number(cell) % FOLIO_SIZE] != STALE)


@invariant(of=iomap)
def failed_writes_keep_i_size(inode: Inode):
    """A write that has written nothing leaves i_size as it was."""
    return implies(not is_locked(inode.i_rwsem), not inode.grown_by_nothing)
