"""iomap and XFS of newer kernels: the model of 6.13 with what has changed since, as far as it is modelled."""

from __future__ import annotations

from checker.lang import variant

from model.systems.iomap_xfs.designs.repairs import uptodate_after_copy
from model.systems.iomap_xfs.scenarios import default, iomap
from model.systems.iomap_xfs.versions.folio_unlocked_last import folio_unlocked_last
from model.systems.iomap_xfs.versions.partial_dirty_clear import partial_dirty_clear

SINCE_6_17 = folio_unlocked_last.edits
SINCE_7_2 = (*SINCE_6_17, *partial_dirty_clear.edits)
SINCE_7_3 = (*SINCE_7_2, *uptodate_after_copy.edits)

iomap_v6_18 = variant("Linux 6.18: iomap, the writeback core and XFS.", *SINCE_6_17, of=iomap, scenario=default)
iomap_v7_2 = variant("Linux 7.2: iomap, the writeback core and XFS.", *SINCE_7_2, of=iomap, scenario=default)
iomap_v7_3 = variant("Linux 7.3: iomap, the writeback core and XFS.", *SINCE_7_3, of=iomap, scenario=default)
