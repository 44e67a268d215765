"""The command line when it is stopped: Ctrl-C, full disks, pipes and files that close or cannot be written."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
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
        assert (status, err.strip()) == (3, "error: interrupted")
        assert len(out.splitlines()) <= 1  # the heading
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


# ------------------------------------------------------- processes that were started

POOL = """\
import os, time
from checker.base.processes import in_processes

def sleep(seconds):
    print(os.getpid(), flush=True)
    time.sleep(seconds)

def main(_=None):
    list(in_processes(sleep, [600, 600], 2))
    return 0

if __name__ == "__main__":
    import checker.__main__ as program, checker.cli
    checker.cli.main = main
    raise SystemExit(program.run())
"""


def ended(pid: int) -> bool:
    """Is the process gone, or about to be buried by whoever takes care of orphans?"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_workers_end_with_the_process_that_started_them(tmp_path, sent):
    (tmp_path / "pool.py").write_text(POOL)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen([sys.executable, "pool.py"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True) as parent:  # fmt: skip
        workers = [int(parent.stdout.readline()) for _ in range(2)]
        parent.send_signal(sent)
        status = parent.wait(60)

    assert status == -signal.SIGKILL if sent == signal.SIGKILL else status == 3
    for _ in range(300):
        if all(map(ended, workers)):
            break
        time.sleep(0.1)
    assert [pid for pid in workers if not ended(pid)] == []


# ----------------------------------------------------------------------- time


def test_what_takes_too_long_is_left_and_only_then():
    from checker.base.patience import OutOfTime, waited, within

    with within(None), within(60):
        assert waited(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        waited(lambda: 1 // 0)
    with pytest.raises(OutOfTime), within(0.1):
        waited(lambda: time.sleep(5))  # in C
    with pytest.raises(OutOfTime), within(0.1):
        while True:
            pass


def endless_preparation(*_, **__):
    while True:
        time.sleep(0.01)


def deaf_preparation(*_, **__):
    """As libraries do while they are loaded."""
    try:
        endless_preparation()
    except:  # noqa: E722
        endless_preparation()


def test_the_time_limit_covers_what_comes_before_the_search(run, monkeypatch):
    """The model is compiled, and then the program: neither can go on for ever."""
    monkeypatch.setattr("checker.search.native.NativeText", endless_preparation)
    status, out, _ = run(*PETERSON, "--time-limit", "3")
    assert status == 3 and "stopped by the time limit" in out and "the time was over before the search began" in out

    monkeypatch.setattr("checker.verdict.api.prepare", endless_preparation)
    status, out, err = run(*PETERSON, "--time-limit", "0.1")
    assert (status, out) == (3, "") and err.startswith("incomplete: the time limit of 0.1 s was over while the model was compiled")


def test_ctrl_c_before_the_search_begins_is_not_put_off(run, monkeypatch):
    monkeypatch.setattr("checker.search.native.NativeText", deaf_preparation)
    threading.Timer(3, os.kill, (os.getpid(), signal.SIGINT)).start()
    status, out, _ = run(*PETERSON)

    assert status == 3 and "stopped by the user" in out


@pytest.mark.parametrize("engine, status, said", [("native", 3, "of address space are left"), ("interpret", 0, "")])
def test_little_address_space_is_told_before_llvm_ends_the_process(engine, status, said):
    command = f"ulimit -v 1000000; {sys.executable} -m checker {' '.join(PETERSON)} --engine {engine}"
    done = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == status and said in done.stderr
    assert "Traceback" not in done.stderr


# ------------------------------------------------------------ where it is started


def test_what_lies_in_the_current_directory_is_not_taken_for_python_s_or_the_checker_s(tmp_path):
    for name in ("queue.py", "json.py", "model/__init__.py", "properties/__init__.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("raise SystemExit('not to be imported')\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "checker", "regress", "--design", "bio_walk", "--design", "reading", "--processes", "2"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "as expected" in done.stdout
