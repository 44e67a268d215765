"""Pages and skeletons: version, help, the language, completion, the manual, new models and designs."""

from __future__ import annotations

import shutil
import subprocess

import click
import pytest

from checker import __version__
from checker.cli import commands
from tests.commands.test_cli import PETERSON, ROOT, run  # noqa: F401  (run is a fixture)


def test_the_version_is_that_of_the_package(run):
    assert run("--version") == (0, f"writeback-checker {__version__}\n", "")


def test_the_page_on_the_language_is_printed(run):
    assert run("language")[1] == (ROOT / "checker" / "LANGUAGE.md").read_text()


@pytest.mark.parametrize(
    "name, said",
    [
        ("mutual_exclusion", ["mutual_exclusion: @invariant", "peterson.py:", "At most one process is in the critical section."]),
        ("turn_first", ["turn_first: a design, a change of peterson", "diff turn_first"]),
        ("two", ["two: a scenario of peterson", "who runs: "]),
        ("deadlock", ["judged in every scenario"]),
    ],
)
def test_help_tells_what_a_name_is(run, name, said):
    status, out, _ = run("help", name, *PETERSON)

    assert status == 0 and max(map(len, out.splitlines())) <= 120
    assert [part for part in said if part not in out] == []


def test_help_for_what_there_is_not(run):
    assert run("help", "mutual_exclusio", *PETERSON)[2].strip().endswith("did you mean mutual_exclusion?")


def test_fields_of_a_struct(run):
    rows = run("fields", "Inode")[1]

    assert "i_size" in rows and "Inode.i_rwsem (to write)" in rows and "rwlock" in rows
    assert "did you mean Inode" in run("fields", "inode")[2]


def test_every_struct_of_the_model_can_be_listed(run):
    from checker.commands.fields import _row
    from checker.source.catalogue import load

    rows = [_row(name, field) for struct in load().structs.values() for name, field in struct.fields.items()]
    assert rows and not [row for row in rows if "?" in row["type"]]
    assert [row for row in rows if row["kind"] == "ghost"] and [row for row in rows if "[" in row["type"]]


# ----------------------------------------------------------------- skeletons


def test_a_new_model_runs_and_holds(run, tmp_path):
    file = str(tmp_path / "mine.py")
    assert run("new", "model", file)[0] == 0
    status, out, _ = run(file)  # as `check FILE.py`, as `check --model FILE.py`

    assert status == 0 and out.startswith("holds     mine  two  bound 2")
    assert "vacuous" not in out and "not exercised" not in out
    assert run("check", file, "--quiet")[0] == 0
    assert "are two models: name one" in run("check", file, *PETERSON)[2]
    assert "exists already" in run("new", "model", file)[2]


def test_its_lock_is_needed(run, tmp_path):
    """A skeleton that would hold whatever is done to it teaches nothing."""
    run("new", "model", str(tmp_path / "mine.py"))
    text = (tmp_path / "mine.py").read_text().replace("    counter_lock()\n", "").replace("    counter_unlock()\n", "")
    (tmp_path / "mine.py").write_text(text)

    assert run(str(tmp_path / "mine.py"))[0] == 1


def test_a_new_design_can_be_shown_and_does_nothing(run, tmp_path, monkeypatch):
    from checker.source.catalogue import load
    from checker.source.variant import edited

    assert run("new", "design", "my_change", "--to", str(tmp_path / "my_change.py"))[0] == 0
    names: dict = {}
    exec((tmp_path / "my_change.py").read_text(), names)
    assert edited(names["my_change"]).diff() == ""
    assert load().name_of(names["my_change"].of) == "iomap"

    assert "is a design already" in run("new", "design", "no_io_size_clamp")[2]
    assert "is no name in Python" in run("new", "design", "my-change")[2]
    assert "is no baseline" in run("new", "design", "mine", "--of", "no_io_size_clamp")[2]


# ---------------------------------------------------------------- completion


@pytest.mark.parametrize(
    "words, offered",
    [
        ("re", {"regress", "replay"}),
        ("", set(commands.list_commands(None))),
        ("check --accept", {"--accept-findings"}),
        ("--design no_io_size", {"no_io_size_clamp"}),
        ("check --property recorded_size_is", {"recorded_size_is_backed"}),
        ("help recorded_size_is", {"recorded_size_is_backed"}),
    ],
)
def test_the_shell_completes(words, offered):
    from click.shell_completion import ShellComplete

    *before, incomplete = words.split(" ")
    found = ShellComplete(commands, {}, "writeback-checker", "_").get_completions(before, incomplete)
    assert {item.value for item in found} == offered


def test_what_a_shell_needs_is_printed(run):
    for shell in ("bash", "zsh", "fish"):
        status, out, _ = run("completion", shell)
        assert status == 0 and "_WRITEBACK_CHECKER_COMPLETE" in out


def test_the_manual_has_every_command_and_option(run):
    out = run("man")[1].replace("\\-", "-")

    assert out.startswith('.TH WRITEBACK-CHECKER 1 ""') and ".SH NAME" in out
    for name, command in commands.commands.items():
        assert f"\n.SS {name} " in out
        for parameter in command.params:
            assert not isinstance(parameter, click.Option) or all(option in out for option in parameter.opts)
    assert "\n.SS new model " in out


@pytest.mark.skipif(not shutil.which("groff"), reason="needs groff")
def test_the_manual_is_roff(run):
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8"], input=run("man")[1], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
