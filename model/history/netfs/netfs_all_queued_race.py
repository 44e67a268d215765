"""netfs: Fix race between cache write completion and ALL_QUEUED being set.

The issuer sets ALL_QUEUED when it has issued the last subrequest.  If that one is over by then, the collector has run,
has found ALL_QUEUED clear, and has left the request alone; nobody wakes it again.  6.11.3 repaired it for writeback
(1ca4169c391c), 6.16 for copies to the cache; here it is writeback as in 6.11.
"""

from __future__ import annotations

from checker.lang import kernel, override, variant

from model.fs.netfs.write_issue import netfs_end_issue_write, netfs_issue_write
from model.include.netfs import NetfsIoRequest, NetfsIssuer
from model.systems.netfs.scenarios import netfs, netfs_long_subrequests


@kernel("fs/netfs/write_issue.c")
def netfs_end_issue_write_without_a_poke(wreq: NetfsIoRequest, issuer: NetfsIssuer):
    """Issue the rest; then all is queued."""
    netfs_issue_write(wreq, 0, issuer)
    netfs_issue_write(wreq, 1, issuer)
    wreq.all_queued = True


netfs_all_queued_race = variant(
    "ALL_QUEUED is set after the last subrequest is issued, and the collector is not woken for it.",
    override(netfs_end_issue_write, by=netfs_end_issue_write_without_a_poke), of=netfs, undoes="89635eae076c",
    scenario=netfs_long_subrequests,
)  # fmt: skip
