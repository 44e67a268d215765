"""What must hold of a large folio that is split."""

from __future__ import annotations

from checker.lang import each, implies, invariant, is_locked, old, reachable, terminal, transition_invariant

from model.mm.huge_memory import FilePage, PageFolio, PagedFile, large_folio
from model.mm.references import FREE, PAGE_CACHE, FrameFolio, OnePageFile


@invariant(of=large_folio)
def a_written_page_is_dirty_or_under_writeback(page: FilePage, inode: PagedFile):
    """Data that the device does not have is in a folio that is dirty, under writeback, or locked by whoever deals with it."""
    head = PageFolio[0]
    own = PageFolio[1]
    return implies(
        not page.on_disk,
        (head.mapping and (head.large or page == FilePage[0]) and (head.dirty or head.writeback or is_locked(head.locked)))
        or (page == FilePage[1] and own.mapping and (own.dirty or own.writeback or is_locked(own.locked))),
    )


@invariant(of=large_folio)
def a_dirty_part_has_the_mark(folio: PageFolio):
    """A dirty folio that nobody has locked has the DIRTY mark, so that writeback finds it."""
    return implies(folio.mapping and folio.dirty and not is_locked(folio.locked), folio.tag_dirty)


@invariant(of=large_folio, witness="a_split_leaves_one_part")
def no_part_lies_behind_eof(inode: PagedFile):
    """When no truncate is under way, no folio of one page lies behind EOF: a part behind it leaves the page cache."""
    return implies(not is_locked(inode.i_rwsem) and inode.i_size <= 2, not PageFolio[1].mapping)


@transition_invariant(of=large_folio, witness="a_split_leaves_both_parts")
def a_folio_keeps_its_size_for_who_holds_it(folio: PageFolio):
    """A folio is split only while nobody else has a reference and it is not under writeback."""
    return implies(
        old(folio.large) and not folio.large and folio.mapping, old(folio.refcount) == 1 and not old(folio.writeback)
    )


@invariant(of=large_folio)
def a_small_folio_has_no_dirty_bits_of_others(folio: PageFolio):
    """An ifs goes before the split: what is left of the folio has none that speaks of pages that are not its own."""
    return implies(folio.mapping and not folio.large, not folio.private)


@terminal(of=large_folio)
def no_reference_to_a_folio_is_left(folio: PageFolio):
    """Where nothing can move any more, nobody holds a reference to a folio, so that it can be split or freed."""
    return folio.refcount == 0


@reachable(of=large_folio)
def a_split_leaves_both_parts():
    """EOF is in the second page: both are folios of their own."""
    return PageFolio[0].mapping and not PageFolio[0].large and PageFolio[1].mapping


@reachable(of=large_folio)
def a_split_leaves_one_part(inode: PagedFile):
    """EOF is in the first page, or behind it: the second one is gone."""
    return PageFolio[0].mapping and not PageFolio[0].large and not PageFolio[1].mapping and inode.i_size <= 2


@reachable(of=large_folio)
def a_dirty_folio_is_split():
    """A folio that was written as a whole has no ifs, and is split while it is dirty: so are its parts."""
    return PageFolio[1].mapping and not PageFolio[0].large and PageFolio[0].dirty and PageFolio[1].dirty


@reachable(of=large_folio)
def a_dirty_folio_is_not_split(inode: PagedFile):
    """A dirty folio with an ifs is not: it stays, and reaches behind EOF."""
    return not is_locked(inode.i_rwsem) and PageFolio[0].mapping and PageFolio[0].large and inode.i_size < 4


# ------------------------------------------------- references and memory of a folio (model/mm/references.py)


@invariant(of=large_folio)
def free_memory_has_no_references(folio: FrameFolio):
    """Memory that the allocator has is referenced by nobody, locked by nobody, and not in the page cache."""
    return implies(folio.owner == FREE, folio.refcount == 0 and not is_locked(folio.locked) and not folio.mapping)


@invariant(of=large_folio)
def memory_under_io_is_the_files(folio: FrameFolio):
    """Memory that the device reads is still that of the folio that was submitted."""
    return implies(folio.under_io, folio.owner == PAGE_CACHE and folio.writeback)


@invariant(of=large_folio)
def what_was_stored_is_dirty_or_on_its_way(file: OnePageFile):
    """What was stored into the folio of the index is there, dirty or under writeback, as soon as whoever stored it has said so."""
    folio = file.entry
    return implies(
        not file.on_disk and file.storing == 0, folio is not None and folio.newest and (folio.dirty or folio.writeback)
    )


@invariant(of=large_folio)
def stores_go_to_the_file(file: OnePageFile):
    """Who has looked a folio up, and locked it, stores into the folio of the file, not into one that has been removed."""
    return not file.astray


@reachable(of=large_folio)
def a_removed_folio_and_its_successor(file: OnePageFile):
    """Somebody holds a reference to a folio that was removed, while another one has its place."""
    return any(
        folio.removed and folio.refcount > 0 and file.entry is not None and file.entry != folio for folio in each(FrameFolio)
    )
