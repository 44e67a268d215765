"""btrfs: Avoid getting stuck during cyclic writebacks (v5.5; in the core for v6.9).

A pass that stops stores the index of the folio that it has just written, and not the index behind it.  With a
budget of one page and a writer that dirties that folio again, every pass writes the same folio.
"""

from __future__ import annotations

from checker.lang import replace, variant

from model.history.iomap_xfs.wcp_cyclic_early_stop import one_page_budgets
from model.include.size import folio_index, folio_next_index
from model.mm.page_writeback import writeback_iter
from model.systems.iomap_xfs.scenarios import iomap

cyclic_cursor_not_advanced = variant(
    "A cyclic pass that stops on its budget begins at the folio that it wrote last the next time.",
    replace(folio_next_index, by=folio_index, inside=writeback_iter), of=iomap, undoes="f7bddf1e27d1",
    scenario=one_page_budgets,
)  # fmt: skip
