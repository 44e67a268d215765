"""NFS of other kernels: the model of 6.13 with what they have beside it, as far as it is modelled."""

from __future__ import annotations

from checker.lang import variant

from model.systems.nfs.designs import nfs_group_lock_covers_the_removal, nfs_release_does_not_wait
from model.systems.nfs.scenarios import nfs, nfs_writers

SINCE_6_18 = (*nfs_group_lock_covers_the_removal.edits, *nfs_release_does_not_wait.edits)

nfs_v6_12 = variant("Linux 6.12.95: NFS, and the writeback core.", *SINCE_6_18, of=nfs, scenario=nfs_writers)
nfs_v6_18 = variant("Linux 6.18: NFS, and the writeback core.", *SINCE_6_18, of=nfs, scenario=nfs_writers)
nfs_v7_2 = variant("Linux 7.2 and 7.3: NFS, and the writeback core.", *SINCE_6_18, of=nfs, scenario=nfs_writers)
