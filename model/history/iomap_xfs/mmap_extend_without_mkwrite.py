"""vfs: fix data corruption when blocksize < pagesize for mmaped data (v3.18).

A page lies across EOF and is mapped writable: the fault has reserved space up to EOF only.  The file is extended,
and the next store goes to a block behind the old EOF without a fault, so nobody reserves space for it.
"""

from __future__ import annotations

from checker.lang import drop, variant

from model.mm.rmap import folio_mkclean
from model.mm.truncate import pagecache_isize_extended
from model.systems.iomap_xfs.scenarios import iomap
from model.systems.iomap_xfs.scenarios_cache import mmap_extend

mmap_extend_without_mkwrite = variant(
    "A file that grows does not write-protect the folio of its old EOF.",
    drop(folio_mkclean, inside=pagecache_isize_extended), of=iomap, undoes="90a8020278c1", scenario=mmap_extend,
)  # fmt: skip
