"""f2fs_write_cache_folios as posted a second time in June 2026 (R9, v2 05/10): dirty bits that exist are kept.

As R8, and read with the same kindness.
"""

from __future__ import annotations

from checker.lang import override, replace, variant

from model.systems.f2fs.designs.f2fs_r8 import f2fs_begin_r8, f2fs_r8, f2fs_write_folio_r8, mark_all_dirty
from model.systems.f2fs.designs.f2fs_r8 import mark_new_dirty
from model.systems.f2fs.designs.f2fs_r8 import settle_or_redirty, settle_or_redirty_first, settle_r8
from model.systems.f2fs.scenarios import f2fs

R9 = (*f2fs_r8.edits, replace(mark_all_dirty, by=mark_new_dirty, inside=f2fs_begin_r8))

f2fs_r9 = variant("R9: as R8, but only a folio without dirty bits is marked dirty as a whole.", *R9, of=f2fs)

# Each line is one repair; f2fs_r9_N is R9 with the first N of them.
REPAIRS = (
    replace(settle_r8, by=settle_or_redirty, inside=f2fs_write_folio_r8),
    override(settle_or_redirty, by=settle_or_redirty_first),
)
DOCS = (
    "after an error a folio is dirty again, and the error is recorded.",
    "a folio is dirty again before its error is recorded.",
)

f2fs_r9_1 = variant(f"{f2fs_r9.doc} With 1 repair: {DOCS[0]}", *R9, *REPAIRS[:1], of=f2fs)
f2fs_r9_2 = variant(f"{f2fs_r9.doc} With 2 repairs, the last: {DOCS[1]}", *R9, *REPAIRS, of=f2fs)
