"""NFS: requests and their lists, what the server has in memory, and what it has on disk."""

from __future__ import annotations

from checker.lang import after_crash, each, implies, invariant, is_locked, leads_to, number, reachable, terminal

from model.include.nfs import COMMIT_LIST, COMMIT_PAGES, HDR_PAGES, NFS_PARTS, NO_LIST, PG_LIST, RPC_FREE, NfsCommitData
from model.include.nfs import NfsIoCompletion, NfsPage, NfsPgioHeader, nfsi, nfss, remote
from model.include.state import DATA, FOLIO_SIZE, NEW, Cell, Folio, inode
from model.systems.nfs.scenarios import nfs


@reachable(of=nfs)
def nfs_a_request_waits_for_a_commit(req: NfsPage):
    """A folio is clean and not under writeback, and the server has its data in memory only."""
    folio = Folio[number(req) // NFS_PARTS]
    return req.wb_list == COMMIT_LIST and not folio.dirty and not folio.writeback


@reachable(of=nfs)
def nfs_a_folio_is_dirtied_before_its_commit(req: NfsPage):
    """A folio is dirty again before what was written of it is committed."""
    return Folio[number(req) // NFS_PARTS].dirty and Cell[number(req) // NFS_PARTS * FOLIO_SIZE].durable != NEW and req.wb_list == NO_LIST


@reachable(of=nfs)
def nfs_a_commit_comes_too_late(req: NfsPage):
    """The server has rebooted between a WRITE and its COMMIT."""
    return req.wb_list == COMMIT_PAGES and req.wb_verf != remote.verifier


@reachable(of=nfs)
def nfs_a_pass_is_made_again(folio: Folio):
    """A folio is dirty again inside a pass that could not send it."""
    return nfsi.passes > 0 and nfsi.redirtied_pages > 0 and folio.dirty


@invariant(of=nfs)
def nfs_writeback_lasts_as_long_as_its_io(req: NfsPage):
    """A folio is under writeback as long as its request is gathered or part of a WRITE."""
    return implies(req.wb_list in (PG_LIST, HDR_PAGES), Folio[number(req) // NFS_PARTS].writeback)


@invariant(of=nfs)
def nfs_requests_are_locked_during_io(req: NfsPage):
    """A request that is gathered, or part of a WRITE or a COMMIT, is locked and the folio's."""
    return implies(req.wb_list in (PG_LIST, HDR_PAGES, COMMIT_PAGES), is_locked(req.busy) and NfsPage[number(req) // NFS_PARTS * NFS_PARTS].mapped)


@invariant(of=nfs)
def nfs_clean_requests_are_on_the_commit_list(req: NfsPage):
    """A request has PG_CLEAN exactly while it is on the commit list, and is the folio's then."""
    return req.clean == (req.wb_list == COMMIT_LIST) and (not req.clean or NfsPage[number(req) // NFS_PARTS * NFS_PARTS].mapped)


@invariant(of=nfs)
def nfs_unstable_data_has_a_request(cell: Cell):
    """Data that the server has in memory only belongs to a request, so that it can be written again."""
    return implies(
        cell.logical == DATA and cell.volatile == NEW and cell.durable != NEW,
        NfsPage[number(cell) // FOLIO_SIZE * NFS_PARTS].mapped,
    )


@invariant(of=nfs)
def nfs_no_write_is_lost(cell: Cell):
    """The newest data is on the server's disk, or the client has it and is going to write or commit it."""
    folio = Folio[number(cell) // FOLIO_SIZE]
    req = NfsPage[number(cell) // FOLIO_SIZE * NFS_PARTS]
    kept = folio.mapping and folio.data[number(cell) % FOLIO_SIZE] == NEW and req.mapped
    second = NfsPage[number(req) + NFS_PARTS - 1]
    listed = req.wb_list != NO_LIST or is_locked(req.busy) or second.wb_list != NO_LIST or is_locked(second.busy)
    pending = folio.dirty or listed or is_locked(folio.locked)
    return implies(cell.logical == DATA, cell.durable == NEW or (kept and pending))


@after_crash(of=nfs)
def nfs_fsync_makes_durable(cell: Cell):
    """Data that was written before an fsync that returned 0 is on the server's disk."""
    return implies(cell.promised, cell.durable == NEW)


@terminal(of=nfs)
def nfs_nothing_is_left_behind():
    """Where nothing can move any more, no lock is held, no folio is under writeback, and no RPC is left."""
    folios = all(not is_locked(f.locked) and not f.writeback for f in each(Folio))
    requests = all(not is_locked(r.busy) and r.wb_list in (NO_LIST, COMMIT_LIST) for r in each(NfsPage))
    rpcs = all(h.state == RPC_FREE for h in each(NfsPgioHeader)) and all(c.state == RPC_FREE for c in each(NfsCommitData))
    counts = nfss.writeback == 0 and nfsi.rpcs_out == 0 and not nfss.write_congested
    return folios and requests and rpcs and counts and not is_locked(inode.i_rwsem) and not is_locked(nfsi.commit_mutex)


@terminal(of=nfs)
def nfs_requests_end():
    """Where nothing can move any more, no pass is accounted, and a request is left only if it waits for a WRITE or a COMMIT."""
    waiting = all(r.wb_list == COMMIT_LIST or Folio[number(r) // NFS_PARTS].dirty for r in each(NfsPage) if r.mapped)
    return waiting and all(ioc.refcount == 0 for ioc in each(NfsIoCompletion))


@leads_to(fair=("writer", "sync", "fsync", "flusher", "write rpc", "commit rpc"), of=nfs)
def nfs_passes_end():
    """A writeback pass ends, whatever goes wrong how often."""
    return nfsi.passes > 0, nfsi.passes == 0


@leads_to(fair=("flusher", "reclaim", "write rpc", "commit rpc"), of=nfs)
def nfs_folio_locks_end(folio: Folio):
    """Nobody keeps a folio locked for ever: neither a pass nor reclaim, which writes and commits it under the lock."""
    return is_locked(folio.locked), not is_locked(folio.locked)
