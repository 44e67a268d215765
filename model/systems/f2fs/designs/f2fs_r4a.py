"""f2fs_write_cache_folios with prepare_compress_overwrite() for folios, revision R4a of 30 May 2025: compressed files.

Of files that are not compressed it is R3: what it adds, a test against wbc_folio_end_index(), which nobody defines, is read as one that never
skips a page.  Its loop over a compressed file is that of R3 as well (f2fs_r3c.py), and has the same defects; two more are of
the new function, which partial writes and truncate call too.
"""

from __future__ import annotations

from checker.lang import override, variant

from model.fs.f2fs.compress import f2fs_lock_cluster, f2fs_read_cluster
from model.systems.f2fs.designs.f2fs_r3c import DOCS as R3C_DOCS
from model.systems.f2fs.designs.f2fs_r3c import STAGES as R3C_STAGES
from model.systems.f2fs.designs.f2fs_r3c import f2fs_r3c
from model.systems.f2fs.designs.f2fs_r4_clusters import f2fs_lock_cluster_r4, f2fs_put_uptodate_folio
from model.systems.f2fs.designs.f2fs_r4_clusters import f2fs_read_cluster_r4
from model.systems.f2fs.designs.f2fs_r4_clusters import f2fs_unlock_uptodate_folio, walk_comes_to_its_end
from model.systems.f2fs.designs.f2fs_r4_clusters import walk_steps_over_empty_slots
from model.systems.f2fs.scenarios import f2fs

PREPARE = (override(f2fs_read_cluster, by=f2fs_read_cluster_r4), override(f2fs_lock_cluster, by=f2fs_lock_cluster_r4))
UNLOCK = (override(f2fs_put_uptodate_folio, by=f2fs_unlock_uptodate_folio),)
STEP_OVER = (override(walk_comes_to_its_end, by=walk_steps_over_empty_slots),)

f2fs_r4a = variant(
    "R4a: R3 with a prepare_compress_overwrite() that goes from folio to folio.",
    *f2fs_r3c.edits, *PREPARE, of=f2fs,
)  # fmt: skip

# f2fs_r4a_N is R4a with the first N repairs.  The last one, clusters by the window, has its own way to prepare a cluster.
STAGES = (
    PREPARE,
    *(PREPARE + UNLOCK + stage for stage in R3C_STAGES[:5]),
    *(PREPARE + UNLOCK + STEP_OVER + stage for stage in R3C_STAGES[4:-1]),
    R3C_STAGES[-1],
)
DOCS = (
    "a folio that needs no read is unlocked again.",
    *R3C_DOCS[:4],
    "the walk over the pages of a cluster steps over empty slots.",
    *R3C_DOCS[4:],
)


def _with(count):
    doc = f"{f2fs_r4a.doc} With {count} repairs, the last: {DOCS[count - 1]}"
    return variant(doc, *f2fs_r3c.edits, *STAGES[count], of=f2fs)


f2fs_r4a_1 = _with(1)
f2fs_r4a_2 = _with(2)
f2fs_r4a_3 = _with(3)
f2fs_r4a_4 = _with(4)
f2fs_r4a_5 = _with(5)
f2fs_r4a_6 = _with(6)
f2fs_r4a_7 = _with(7)
f2fs_r4a_8 = _with(8)
f2fs_r4a_9 = _with(9)
