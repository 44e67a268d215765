"""mm/truncate: unmap large folio on split failure (v6.18).

A large folio is mapped by one entry for all of it, which is removed when truncate splits the folio, and not before.
If the split fails, the folio stays mapped as a whole: stores behind the new EOF do not fault.  A page-table entry
of the model is a page's, so what is different with one for all is the design `mapped_as_a_whole`.
"""

from __future__ import annotations

from checker.lang import each, insert_after, kernel, replace, scenario, variant

from model.include.size import folio_index
from model.include.state import Folio, pgoff_t
from model.mm.memory import unmap_mapping_folio, unmap_mapping_range
from model.mm.page_writeback import folio_wait_writeback
from model.mm.truncate import truncate_inode_partial_folio, truncate_pagecache
from model.systems.iomap_xfs.operations import STORE_A, TRUNCATE_B
from model.systems.iomap_xfs.scenarios import iomap
from model.systems.iomap_xfs.scenarios_cache import mmap_large

large_mapped_folio = scenario(
    "A folio of two pages: stores to the second through a mapping, truncate to the first, and the flusher.",
    like=mmap_large, scope={STORE_A: 1, TRUNCATE_B: 1}, bound=2,
    properties=("mappings_end_at_eof", "mapped_folios_are_cached")
)  # fmt: skip


@kernel("mm/memory.c")
def unmap_whole_folios(start: pgoff_t, end: pgoff_t):
    """Only an entry all of whose pages are to be unmapped is removed."""
    for folio in each(Folio):
        if folio_index(folio) >= start:
            unmap_mapping_folio(folio)


@kernel("mm/truncate.c")
def unmap_folio_split_or_not(folio: Folio):
    """Splitting a folio unmaps it; the repair does so also where the split fails."""
    unmap_mapping_folio(folio)


mapped_as_a_whole = variant(
    "A folio is mapped by one entry for all its pages, which truncate removes whether or not it can split it.",
    replace(unmap_mapping_range, by=unmap_whole_folios, inside=truncate_pagecache, nth=1),
    replace(unmap_mapping_range, by=unmap_whole_folios, inside=truncate_pagecache, nth=2),
    insert_after(folio_wait_writeback, unmap_folio_split_or_not, inside=truncate_inode_partial_folio), of=iomap,
    scenario=large_mapped_folio,
)  # fmt: skip

truncate_split_failure_keeps_mapping = variant(
    "A folio is mapped by one entry for all its pages, which truncate removes only if it can split it.",
    replace(unmap_mapping_range, by=unmap_whole_folios, inside=truncate_pagecache, nth=1),
    replace(unmap_mapping_range, by=unmap_whole_folios, inside=truncate_pagecache, nth=2), of=iomap,
    undoes="fa04f5b60fda", scenario=large_mapped_folio,
)  # fmt: skip
