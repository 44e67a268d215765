"""netfs: Fix interaction of streaming writes with zero-point tracker (v6.11).

A folio holds a streaming write: dirty, not uptodate.  When that is written, the folio is blank, and what was written
is on the server.  If zero_point still lies below it, the next small append takes everything there for zeros, does
not read it, and fills the folio with zeros, which are then written over the data.  A small model of its own.
"""

from __future__ import annotations

from checker.lang import Array, Field, Lock, Range, Struct, acquire, baseline, drop, enum, kernel, primitive
from checker.lang import process, release, scenario, variant

zero_point_tracker = baseline("Linux 6.11: netfs, one folio that is appended to.")

NetfsContent = enum("NetfsContent", "NETFS_NOTHING NETFS_ZERO NETFS_DATA")
NETFS_NOTHING, NETFS_ZERO, NETFS_DATA = NetfsContent


class NetfsFolio(Struct):
    """A folio of two pieces, its inode, and the server."""

    locked = Lock("PG_locked")
    cached = Array(Field(NetfsContent, "cached", init=NETFS_NOTHING, guard=locked), 2)
    on_server = Array(Field(NetfsContent, "on the server", init=NETFS_NOTHING), 2)
    i_size = Range(0, 2, "i_size")
    zero_point = Range(0, 2, "zero_point")


netfs_folio = NetfsFolio[0]


@primitive()
def streaming_write():
    """The first piece has been written by a streaming write: it is dirty, and nothing else of the folio is valid."""
    netfs_folio.cached[0] = NETFS_DATA
    netfs_folio.i_size = 1


@primitive("mm/filemap.c")
def lock_netfs_folio():
    """Wait for PG_locked."""
    acquire(netfs_folio.locked)


@primitive("mm/filemap.c")
def unlock_netfs_folio():
    """Give PG_locked back."""
    release(netfs_folio.locked)


@primitive("fs/netfs/write_collect.c")
def write_to_server():
    """Send what the folio holds."""
    for i in range(0, 2):
        if netfs_folio.cached[i] != NETFS_NOTHING:
            netfs_folio.on_server[i] = netfs_folio.cached[i]


@primitive("fs/netfs/write_collect.c")
def raise_zero_point():
    """What has been written is on the server from now on."""
    netfs_folio.zero_point = max(netfs_folio.zero_point, netfs_folio.i_size)


@primitive("fs/netfs/write_collect.c")
def folio_is_blank():
    """A folio that is not uptodate and has been written holds nothing."""
    for i in range(0, 2):
        netfs_folio.cached[i] = NETFS_NOTHING


@kernel("fs/netfs/write_collect.c")
def netfs_folio_written_back():
    """Write the folio, and forget its streaming write."""
    lock_netfs_folio()
    write_to_server()
    raise_zero_point()
    folio_is_blank()
    unlock_netfs_folio()


@primitive("fs/netfs/buffered_write.c")
def netfs_perform_write():
    """Append the second piece: a blank folio is read, or zeroed if it lies at or behind zero_point."""
    if netfs_folio.cached[0] == NETFS_NOTHING:
        netfs_folio.cached[0] = NETFS_ZERO if netfs_folio.zero_point == 0 else netfs_folio.on_server[0]
    netfs_folio.cached[1] = NETFS_DATA
    netfs_folio.i_size = 2


@kernel("fs/netfs/buffered_write.c")
def append_second_piece():
    """write(2)."""
    lock_netfs_folio()
    netfs_perform_write()
    unlock_netfs_folio()


streaming_append = scenario(
    "A folio with a streaming write, its writeback, and an append to it.",
    process("flusher", netfs_folio_written_back), process("writer", append_second_piece), setup=streaming_write,
    of=zero_point_tracker, properties=("streamed_data_is_kept", "both_pieces_are_written"),
)  # fmt: skip

netfs_zero_point_after_writeback = variant(
    "Writing a streaming write back leaves zero_point as it is.",
    drop(raise_zero_point, inside=netfs_folio_written_back), of=zero_point_tracker, undoes="e00e99ba6c6b",
    scenario=streaming_append,
)  # fmt: skip
