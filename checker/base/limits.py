"""How much memory there is, so that a search stops before the machine does."""

from __future__ import annotations

import os
import sys
from pathlib import Path

GIB = 1 << 30
SHARE = 0.8  # of the memory that is available, unless a limit is given


def default_memory_limit() -> int:
    """Bytes that a search may use if nothing else is said: most of what is available now."""
    return int(SHARE * available_memory())


def available_memory(meminfo: Path = Path("/proc/meminfo"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that this process could still allocate: what the machine, and the control
    group that it runs in, have left.  4 GiB if nothing is known."""
    known = [amount for amount in (_machine(meminfo), _group(cgroup)) if amount is not None]
    return min(known, default=4 * GIB)


def address_space() -> int:
    """Bytes of addresses that this process may still take, where `ulimit -v` says how many; else more than it could."""
    try:
        import resource

        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError, ValueError):
        return sys.maxsize
    return sys.maxsize if limit == resource.RLIM_INFINITY else max(0, limit - used)


def _machine(meminfo: Path) -> int | None:
    try:
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None


def _group(cgroup: Path) -> int | None:
    """What is left of a version 2 limit, or of a version 1 limit; what files take can be taken back."""
    for limit, used in (
        (cgroup / "memory.max", cgroup / "memory.current"),
        (cgroup / "memory" / "memory.limit_in_bytes", cgroup / "memory" / "memory.usage_in_bytes"),
    ):
        try:
            return max(0, int(limit.read_text()) - int(used.read_text()) + _of_files(limit.parent / "memory.stat"))
        except (OSError, ValueError):
            continue
    return None


def _of_files(statistics: Path) -> int:
    """Bytes of a group's memory that hold pages of files."""
    try:
        lines = (line.split() for line in statistics.read_text().splitlines())
        return sum(int(size) for name, size in lines if name in ("inactive_file", "active_file"))
    except (OSError, ValueError):
        return 0
