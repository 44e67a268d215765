"""f2fs of other kernels: the model of 6.13 with what they have beside it, as far as it is modelled."""

from __future__ import annotations

from checker.lang import variant

from model.systems.f2fs.designs.f2fs_repairs import f2fs_submitted_is_reset, f2fs_truncate_looks_once, f2fs_wakes_before_the_end
from model.systems.f2fs.scenarios import f2fs, f2fs_pages

SINCE_6_12_74 = f2fs_wakes_before_the_end.edits
SINCE_6_18 = (*SINCE_6_12_74, *f2fs_submitted_is_reset.edits)
SINCE_7_3 = (*SINCE_6_18, *f2fs_truncate_looks_once.edits)

f2fs_v6_12 = variant("Linux 6.12.95: f2fs, pages.", *SINCE_6_12_74, of=f2fs, scenario=f2fs_pages)
f2fs_v6_18 = variant("Linux 6.18 and 7.2: f2fs, pages.", *SINCE_6_18, of=f2fs, scenario=f2fs_pages)
f2fs_v7_3 = variant("Linux 7.3: f2fs, pages.", *SINCE_7_3, of=f2fs, scenario=f2fs_pages)
