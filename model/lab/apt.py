"""A kernel and the programs of the guest, by apt on Debian, into the cache: nothing is installed, no list of the system is touched.

The suites are those of the mirror that the machine is set up with already, and its backports.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from checker.base.errors import UsageError

from .places import fetched, replaced

SERIES = "6.12"  # of the kernels that the laboratory was tried with
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
TOOLS = ("busybox-static", "xfsprogs", "f2fs-tools")
LIBRARIES = ("libinih", "liburcu", "libf2fs", "libblkid", "libuuid", "libselinux", "libpcre2", "liblz4", "liblzo2")  # theirs
INDEX = ("$(REPO_URI)", "$(CODENAME)")


def fetch(series: str = SERIES) -> Path:
    """The directory with the newest kernel of a series, and the guest's programs; fetched unless it is there.

    UsageError if apt is not here, or has none.
    """
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        raise UsageError("kernels are fetched with apt-get, which is not here; name one with --kernel DIR (image, modules and headers)")
    with tempfile.TemporaryDirectory(prefix="checker-apt-") as work:
        apt = _Apt(Path(work))
        release = apt.newest(series)
        place = fetched() / release
        if not place.is_dir():
            packages = [apt.image(release), *_headers(release), *apt.tools()]
            with replaced(place) as new:
                apt.unpack(packages, new)
                _make_relocatable(new)
    return place


def _headers(release: str) -> list[str]:
    version = release.rsplit("-", 1)[0]
    return [f"linux-headers-{release}", f"linux-headers-{version}-common", f"linux-kbuild-{version}"]


def _make_relocatable(root: Path) -> None:
    """Headers name those that they share with other flavours by an absolute path."""
    for makefile in root.glob("usr/src/linux-headers-*/Makefile"):
        text = makefile.read_text()
        makefile.write_text(text.replace("include /usr/src/", "include $(dir $(lastword $(MAKEFILE_LIST)))../", 1))


class _Apt:
    """apt with lists and cache of its own, below `work`."""

    def __init__(self, work: Path) -> None:
        self.work = work
        for folder in ("lists/partial", "cache/archives/partial", "debs"):
            (work / folder).mkdir(parents=True)
        (work / "sources.list").write_text("".join(_sources()))
        options = {"Dir::Etc::sourcelist": work / "sources.list", "Dir::Etc::sourceparts": "-", "Dir::State::Lists": work / "lists",
                   "Dir::Cache": work / "cache", "APT::Sandbox::User": "root"}  # fmt: skip
        self.options = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
        _run(["apt-get", *self.options, "-qq", "update"], "the lists of packages cannot be fetched")
        self.names = set(_run(["apt-cache", *self.options, "pkgnames"], "apt has no packages").split())

    def newest(self, series: str) -> str:
        """The newest release of a series of which there are an image and headers."""
        wanted = re.compile(rf"linux-headers-({re.escape(series)}\.\S+-amd64)")
        found = [m.group(1) for m in map(wanted.fullmatch, self.names) if m and not re.search(r"-(cloud|rt)-", m.group(1))]
        found = [one for one in found if self.image(one) and set(_headers(one)) <= self.names]
        if not found:
            raise UsageError(f"apt has no kernel {series} with headers in the suites of this machine's mirror; name one with --kernel DIR")
        return max(found, key=lambda release: [int(n) for n in re.findall(r"\d+", release)])

    def image(self, release: str) -> str:
        """The package with the image: signed ones may be there for some releases only."""
        return next((n for n in (f"linux-image-{release}-unsigned", f"linux-image-{release}") if n in self.names), "")

    def tools(self) -> list[str]:
        """The packages of the guest's programs and of their libraries."""
        text = _run(["apt-cache", *self.options, "depends", "--no-recommends", "--no-suggests", *TOOLS], "apt has no filesystem tools")
        needed = re.findall(r"Depends: (\S+)", text)
        return [*TOOLS, *sorted({one for one in needed if one.startswith(LIBRARIES) and one in self.names})]

    def unpack(self, packages: list[str], into: Path) -> None:
        """Fetch packages, and unpack them into a directory."""
        debs = self.work / "debs"
        _run(["apt-get", *self.options, "-qq", "download", *packages], "the packages cannot be fetched", debs)
        for deb in sorted(debs.glob("*.deb")):
            _run(["dpkg-deb", "-x", str(deb), str(into)], f"{deb.name} cannot be unpacked")


def _sources() -> list[str]:
    """The machine's own suite of Debian and its backports, each in the form of sources.list."""
    text = _run(["apt-get", "indextargets", "--format", " ".join(INDEX), "Created-By: Packages", "Label: Debian"], "apt has no lists")
    rows = {tuple(line.split()) for line in text.splitlines() if len(line.split()) == 2}
    main = sorted(row for row in rows if "-" not in row[1])
    if not main:
        raise UsageError("apt knows no suite of Debian on this machine; name a kernel with --kernel DIR")
    signed = f"[signed-by={KEYRING}] " if KEYRING.exists() else ""
    return [f"deb {signed}{uri} {suite} main\n" for uri, name in main for suite in (name, f"{name}-backports")]


def _run(command: list[str], wrong: str, where: Path | None = None) -> str:
    """What a command prints; UsageError with the last line of its complaint if it fails."""
    done = subprocess.run(command, cwd=where, capture_output=True, text=True)
    if done.returncode:
        complaint = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit status {done.returncode}"]
        raise UsageError(f"{wrong}: {complaint[-1].strip()}")
    return done.stdout
