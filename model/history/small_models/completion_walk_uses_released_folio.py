"""block: Do not call folio_next() on an unreferenced folio (v5.18).

The completion of a bio ends the writeback of a folio, and then asks it how large it is, to find the next one.
With the end of writeback the folio is given away: truncate may have split it.  The walk goes on too short, ends
writeback where there is none, and misses the last folio.  A small model of its own: a bio over two folios of
two pages each.
"""

from __future__ import annotations

from checker.lang import Flag, Range, Struct, baseline, bug_on, constant, kernel, override, primitive, process
from checker.lang import scenario, variant, wait_until

bio_walk = baseline("Linux 5.18: the walk of a bio's completion over its folios.")

BIO_PAGES = constant(4, "pages that the bio carries")

page_t = Range(0, BIO_PAGES)


class BioPage(Struct, count=BIO_PAGES):
    """A page of the bio; what belongs to a folio stands in its first page."""

    size = Range(0, 2, "folio_nr_pages, 0 in tail pages")
    writeback = Flag("PG_writeback")


@primitive()
def two_large_folios():
    """Two folios of two pages, both under writeback."""
    BioPage[0].size = 2
    BioPage[2].size = 2
    BioPage[0].writeback = True
    BioPage[2].writeback = True


@primitive("mm/filemap.c")
def end_writeback_of_page(page: page_t):
    """folio_end_writeback() of the folio that begins at a page."""
    bug_on(not BioPage[page].writeback)
    BioPage[page].writeback = False


@primitive("include/linux/mm.h")
def nr_pages_of(page: page_t) -> page_t:
    """folio_nr_pages()."""
    return BioPage[page].size


@kernel("include/linux/bio.h")
def bio_next_folio(page: page_t) -> page_t:
    """End the writeback of the folio at a page; where does the next begin?"""
    next: page_t = page + nr_pages_of(page)
    end_writeback_of_page(page)
    return next


@kernel("include/linux/bio.h")
def bio_next_folio_afterwards(page: page_t) -> page_t:
    """The same, in the wrong order."""
    end_writeback_of_page(page)
    return page + nr_pages_of(page)


@kernel("fs/iomap/buffered-io.c")
def finish_all_folios():
    """bio_for_each_folio_all()."""
    page: page_t = 0
    while page < BIO_PAGES:
        page = bio_next_folio(page)


@primitive("mm/huge_memory.c")
def split_folio():
    """Truncate splits the first folio, which it may do when that is not under writeback."""
    wait_until(not BioPage[0].writeback)
    BioPage[0].size = 1
    BioPage[1].size = 1


def truncate_splits():
    """A truncate to the middle of the first folio."""
    split_folio()


bio_and_split = scenario(
    "The completion of a bio over two large folios, and a truncate that splits the first.",
    process("irq", finish_all_folios), process("truncater", truncate_splits), setup=two_large_folios, of=bio_walk,
    properties=("no_folio_is_left_under_writeback", "the_walk_ends"),
)  # fmt: skip

completion_walk_uses_released_folio = variant(
    "The completion of a bio asks a folio for its size after it has ended its writeback.",
    override(bio_next_folio, by=bio_next_folio_afterwards), of=bio_walk, undoes="170f37d6aa6a", scenario=bio_and_split,
)  # fmt: skip
