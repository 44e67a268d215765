"""NFS: Fix a deadlock involving nfs_release_folio() (v6.19).

Memory reclaim comes to a dirty folio of NFS, and ->release_folio writes it and waits.  The thread that has to make the
write happen needs memory first, and waits for reclaim.  The repair starts the write and does not wait: reclaim goes
on to another folio.  A small model of its own: no memory is free, and one other folio is clean.
"""

from __future__ import annotations

from checker.lang import Flag, Struct, baseline, kernel, override, primitive, process, scenario, variant, wait_until

memory_reclaim = baseline("Linux 6.19: reclaim, a dirty folio of NFS, and a helper that needs memory.")


class Memory(Struct):
    """Free memory, and a folio that reclaim looks at."""

    free = Flag("a free page")
    writeback = Flag("PG_writeback")
    written = Flag("written")


memory = Memory[0]


@primitive("fs/nfs/write.c")
def nfs_wb_folio_start():
    """Start the write of the folio."""
    memory.writeback = True


@primitive("fs/nfs/write.c")
def nfs_wb_folio_wait():
    """Wait for it."""
    wait_until(memory.written)


@primitive("mm/vmscan.c")
def free_clean_folio():
    """Another folio is clean: its memory is free."""
    memory.free = True


@kernel("fs/nfs/file.c")
def nfs_release_folio():
    """->release_folio of a dirty folio: start its write; it is busy."""
    nfs_wb_folio_start()


@kernel("fs/nfs/file.c")
def nfs_release_folio_and_wait():
    """->release_folio of a dirty folio: write it, and wait."""
    nfs_wb_folio_start()
    nfs_wb_folio_wait()


@kernel("mm/vmscan.c")
def reclaim_memory():
    """Come to the dirty folio first, and then to a clean one."""
    nfs_release_folio()
    free_clean_folio()


@primitive("net/sunrpc/xprt.c")
def alloc_page_for_rpc():
    """Wait for memory."""
    wait_until(memory.free)
    memory.free = False


@primitive("net/sunrpc/xprt.c")
def folio_is_written():
    """The server has answered."""
    wait_until(memory.writeback)
    memory.writeback = False
    memory.written = True


@kernel("net/sunrpc/sched.c")
def rpc_helper():
    """Who sends the write needs memory for it."""
    alloc_page_for_rpc()
    folio_is_written()


reclaim_and_helper = scenario(
    "Memory reclaim at a dirty folio of NFS, and the thread that writes it.",
    process("kswapd", reclaim_memory), process("rpciod", rpc_helper), of=memory_reclaim,
    properties=("the_folio_is_written", "memory_is_accounted"),
)  # fmt: skip

nfs_release_folio_waits = variant(
    "->release_folio waits for the write that it has started.",
    override(nfs_release_folio, by=nfs_release_folio_and_wait), of=memory_reclaim, undoes="cce0be6eb497",
    scenario=reclaim_and_helper,
)  # fmt: skip
