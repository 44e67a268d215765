"""The command line when it is stopped: Ctrl-C, full disks, pipes and files that close or cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from checker.regress.states import _count
from checker.verdict import compare
from checker.verdict.api import prepare
from tests.commands.test_cli import MODELS, PETERSON, ROOT, run  # noqa: F401  (run is a fixture)


def interrupted(*_, **__):
    return SimpleNamespace(stopped_by="interrupt", complete=False, states=1, verdict="incomplete")


def test_ctrl_c_in_one_of_many_searches_ends_all_of_them(run, monkeypatch):
    """A search makes a note of it and ends; whoever runs many must not take that for a result."""
    monkeypatch.setattr("checker.verdict.api.check", interrupted)
    monkeypatch.setattr(compare, "check", interrupted)
    monkeypatch.setattr("checker.search.explore.explore", interrupted)
    for command in (
        ["regress", "--scenario", "append_flush", "--processes", "1"],
        ["compare", "iomap", "no_io_size_clamp", "--scenario", "append_flush"],
    ):
        status, out, err = run(*command)
        assert (status, out, err.strip()) == (3, "", "error: interrupted")
    with pytest.raises(KeyboardInterrupt):
        _count(prepare(MODELS / "peterson.py").program, 3, SimpleNamespace(seconds=1, memory=1))


def test_ctrl_c_while_z3_thinks_is_no_answer():
    from checker.smt.asking import ask

    unknown = SimpleNamespace(r=0)
    assert ask(SimpleNamespace(check=lambda: unknown, reason_unknown=lambda: "timeout")) is unknown
    with pytest.raises(KeyboardInterrupt):
        ask(SimpleNamespace(check=lambda: unknown, reason_unknown=lambda: "interrupted from keyboard"))


def test_ctrl_c_while_sizes_are_looked_at_leaves_the_verdict(run, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("checker.smt.sizes.said._said_of", stop)
    status, out, _ = run(*PETERSON)

    assert status == 0 and out.startswith("holds") and "sizes: not looked at to the end (Ctrl-C)" in out


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said():
    with open("/dev/full", "w") as full:
        done = subprocess.run([sys.executable, "-m", "checker", "designs", *PETERSON], cwd=ROOT, stdout=full,
                              stderr=subprocess.PIPE, text=True)  # fmt: skip

    assert done.returncode == 2 and "No space left" in done.stderr and "Traceback" not in done.stderr


def test_output_that_is_closed_changes_nothing():
    program = f"exec {sys.executable} -m checker {' '.join(PETERSON)} --quiet >&- 2>&-"

    assert subprocess.run(["sh", "-c", program], cwd=ROOT, timeout=200).returncode == 0


def test_a_closed_pipe_is_quiet():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "checker", "designs", *PETERSON], cwd=ROOT, stdout=writer,
                          stderr=subprocess.PIPE, text=True)  # fmt: skip
    os.close(writer)

    assert done.stderr == ""


def test_files_are_written_whole_or_not_at_all(tmp_path, monkeypatch):
    from checker.output.writing import write_text

    path = tmp_path / "result.json"
    path.write_text("before")
    with pytest.raises(UnicodeEncodeError):
        write_text(str(path), "half \ud800")

    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["result.json"]


def test_a_device_is_written_and_not_replaced():
    from checker.output.writing import write_text

    write_text("/dev/null", "nothing")
    assert not Path("/dev/null").is_file()


def test_ctrl_c_while_an_object_is_freed_is_not_forgotten():
    """Python ignores what a destructor raises."""
    code = (
        "import runpy, signal, sys, time, checker.cli\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # which a shell may have ignored
        "class Freed:\n    def __del__(self): raise KeyboardInterrupt\n"
        "def main():\n    Freed()\n    try: time.sleep(60)\n    except KeyboardInterrupt: return 3\n"
        "checker.cli.main = main\n"
        "runpy.run_module('checker', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=50)

    assert (done.returncode, done.stderr) == (3, "")
