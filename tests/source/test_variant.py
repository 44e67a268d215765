"""Designs: what an edit matches, what it refuses, and the diff that it prints."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from checker.base.errors import ModelError
from checker.lang import Design, drop, insert_after, insert_before, override, replace, swap, variant
from checker.source.variant import Edits, edited

MODEL = '''\
from checker.lang import kernel


def lock(folio): ...
def unlock(folio): ...
def wait(folio, wbc): ...
def test_dirty(folio): ...
def test_writeback(folio): ...
def start(folio): ...
def note(): ...
def trace(wbc, folio): ...
def unknown(bio): ...
def other(folio): ...


@kernel("mm/x.c")
def write(folio, wbc):
    """Write one folio."""
    lock(folio)
    # The folio may be in flight.
    wait(folio,
         wbc)
    if test_dirty(folio):
        error = start(folio)
        unlock(folio)
    elif test_writeback(folio):
        unlock(folio)
    if test_dirty(folio):
        unlock(folio)
    else:
        note()
    return other(folio)


def write_fast(folio, control):
    """Write one folio, fast."""
    start(folio)


def write_never(folio, control):
    """Do not write it."""
    note()


def write_whether(folio, control) -> bool:
    """Was it written?"""
    return True
'''


@pytest.fixture
def m(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "m.py"
    path.write_text(MODEL)
    spec = importlib.util.spec_from_file_location("m", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def design(*edits) -> Design:
    return variant("Another way.", *edits)


def body(edits: Edits, function) -> str:
    """The function after its edits, as text without docstring."""
    tree = edits.body(function)
    return "\n".join(ast.unparse(stmt) for stmt in tree.body[1:])


def refused(*edits) -> str:
    with pytest.raises(ModelError) as error:
        edited(design(*edits), "mine")
    return str(error.value)


def changed(diff: str) -> list[str]:
    """The lines of a diff that are added or removed."""
    return [line for line in diff.splitlines() if line[0] in "+-" and line[:3] not in ("+++", "---")]


def test_no_design_leaves_everything_as_it_is(m):
    edits = edited(None)

    assert edits.diff() == ""
    assert edits.functions() == []
    assert edits.body(m.write).name == "write"
    assert edits.globals(m.write) is m.write.__globals__


def test_drop_removes_the_statement_with_all_its_lines(m):
    edits = edited(design(drop(m.wait, inside=m.write)))

    assert "wait(" not in body(edits, m.write)
    assert (
        edits.diff()
        == '''\
--- a/m.py
+++ b/m.py
@@ -18,8 +18,6 @@
     """Write one folio."""
     lock(folio)
     # The folio may be in flight.
-    wait(folio,
-         wbc)
     if test_dirty(folio):
         error = start(folio)
         unlock(folio)
'''
    )


def test_the_function_itself_is_left_alone(m):
    before = ast.dump(edited(None).body(m.write))
    edited(design(drop(m.wait, inside=m.write)))

    assert ast.dump(edited(None).body(m.write)) == before


def test_drop_of_a_condition_takes_its_body_along(m):
    edits = edited(design(drop(m.test_writeback, inside=m.write)))

    assert changed(edits.diff()) == ["-    elif test_writeback(folio):", "-        unlock(folio)"]
    assert "elif" not in body(edits, m.write)
    assert "else:\n    note()" in body(edits, m.write)


def test_drop_of_the_only_statement_leaves_pass(m):
    edits = edited(design(drop(m.note, inside=m.write), drop(m.start, inside=m.write_fast)))

    assert changed(edits.diff()) == ["-        note()", "+        pass", "-    start(folio)"]
    assert ast.unparse(edits.body(m.write_fast).body[-1]) == "'Write one folio, fast.'"


def test_drop_of_a_condition_with_an_else_is_refused(m):
    text = refused(drop(m.test_dirty, inside=m.write, nth=2))

    assert "the call is in the head of `if` with `else`" in text
    assert "override()" in text and "[stale-anchor]" in text


def test_replace_renames_the_callee_only(m):
    edits = edited(design(replace(m.wait, by=m.trace, inside=m.write)))

    assert changed(edits.diff()) == ["-    wait(folio,", "+    trace(folio,"]
    assert "trace(folio, wbc)" in body(edits, m.write)
    assert edits.globals(m.write)["trace"] is m.trace


def test_replace_by_a_function_of_another_module_with_a_taken_name(m):
    names: dict = {"__name__": "elsewhere"}
    exec("def lock(folio): ...", names)
    edits = edited(design(replace(m.wait, by=names["lock"], inside=m.write)))

    assert changed(edits.diff()) == ["-    wait(folio,", "+    lock(folio,"]
    assert edits.extra_globals(m.write) == {"elsewhere.lock": names["lock"]}
    assert edits.globals(m.write)["lock"] is m.lock


def test_swap_exchanges_two_statements_of_a_block(m):
    edits = edited(design(swap(m.start, m.unlock, inside=m.write)))

    assert changed(edits.diff()) == ["+        unlock(folio)", "-        unlock(folio)"]
    assert "unlock(folio)\n    error = start(folio)" in body(edits, m.write)


def test_swap_of_statements_of_different_blocks_is_refused(m):
    text = refused(swap(m.lock, m.unlock, inside=m.write))

    assert "not by two statements of one block" in text


def test_insert_binds_parameters_by_name(m):
    edits = edited(design(insert_before(m.unlock, m.trace, inside=m.write, nth=2)))

    assert changed(edits.diff()) == ["+        trace(wbc, folio)"]
    assert "elif test_writeback(folio):\n    trace(wbc, folio)\n    unlock(folio)" in body(edits, m.write)


def test_insert_after_goes_behind_the_whole_statement(m):
    edits = edited(design(insert_after(m.wait, m.note, inside=m.write)))

    assert (
        edits.diff()
        == """\
--- a/m.py
+++ b/m.py
@@ -20,6 +20,7 @@
     # The folio may be in flight.
     wait(folio,
          wbc)
+    note()
     if test_dirty(folio):
         error = start(folio)
         unlock(folio)
"""
    )
    inserted = edits.body(m.write).body[3]
    assert inserted.lineno == 21


def test_insertions_at_one_place_come_in_the_order_of_the_tree(m):
    edits = edited(
        design(
            insert_before(m.test_dirty, m.trace, inside=m.write, nth=2),
            insert_after(m.unlock, m.note, inside=m.write, nth=2),
        )
    )

    assert changed(edits.diff()) == ["+        note()", "+    trace(wbc, folio)"]


def test_insert_before_and_after_the_same_statement(m):
    edits = edited(
        design(insert_before(m.wait, m.note, inside=m.write), insert_after(m.wait, m.note, inside=m.write))
    )

    assert changed(edits.diff()) == ["+    note()", "+    note()"]


def test_insert_without_a_variable_of_that_name_is_refused(m):
    text = refused(insert_before(m.wait, m.unknown, inside=m.write))

    assert "write() has no variable bio" in text and "[unknown-name]" in text
    assert "folio, wbc, error" in text


@pytest.mark.parametrize(
    "verb, anchor, what",
    [
        (insert_after, "other", "behind a return"),
        (insert_before, "test_writeback", "beside an `elif`"),
    ],
)
def test_insert_where_nothing_can_stand_is_refused(m, verb, anchor, what):
    assert what in refused(verb(getattr(m, anchor), m.note, inside=m.write))


def test_override_takes_the_whole_text_under_the_old_name(m):
    edits = edited(design(override(m.write, by=m.write_fast)))

    tree = edits.body(m.write)
    assert tree.name == "write" and tree.args.args[1].arg == "control"
    lines = changed(edits.diff())
    assert lines[0] == "-def write(folio, wbc):"
    assert [line for line in lines if line[0] == "+"] == [
        "+def write(folio, control):",
        '+    """Write one folio, fast."""',
        "+    start(folio)",
    ]


def test_what_overrides_is_edited_itself(m):
    edits = edited(design(override(m.write, by=m.write_fast), replace(m.start, by=m.lock, inside=m.write_fast)))

    assert "lock(folio)" in body(edits, m.write) and "start" not in body(edits, m.write)
    assert "+    lock(folio)" in changed(edits.diff())
    assert "lock" in edits.globals(m.write)


def test_what_overrides_is_overridden_itself(m):
    for edits in (
        [override(m.write, by=m.write_fast), override(m.write_fast, by=m.write_never)],
        [override(m.write_fast, by=m.write_never), override(m.write, by=m.write_fast)],
    ):
        assert body(edited(design(*edits)), m.write) == "note()"


def test_override_with_other_parameters_is_refused(m):
    assert "note takes 0 arguments, write takes 2" in refused(override(m.write, by=m.note))
    assert "write_whether returns bool, write returns nothing" in refused(override(m.write, by=m.write_whether))


def test_edits_of_one_file_make_one_diff(m):
    edits = edited(design(drop(m.start, inside=m.write_fast)) + design(drop(m.lock, inside=m.write)))

    assert edits.functions() == [m.write_fast, m.write]
    assert edits.diff().count("--- a/m.py") == 1
    assert changed(edits.diff()) == ["-    lock(folio)", "-    start(folio)"]


def test_a_stale_anchor_lists_what_is_called(m):
    text = refused(drop(m.unknown, inside=m.write))

    assert text.startswith(
        "m.py:17: design mine: drop(unknown, inside=write): expected exactly one match, found 0"
    )
    assert "[stale-anchor]" in text
    assert "It calls: lock, wait, test_dirty, start, unlock, test_writeback, note, other" in text


def test_a_stale_anchor_suggests_names_that_are_near(m):
    names: dict = {"__name__": "elsewhere"}
    exec("def unlocked(folio): ...\ndef lock(folio): ...", names)

    assert "Did you mean unlock or lock?" in refused(drop(names["unlocked"], inside=m.write))
    assert "It calls another lock" in refused(drop(names["lock"], inside=m.write))


def test_several_matches_ask_for_nth(m):
    assert "It matches at lines 25, 27, 29: choose one with nth=1..3" in refused(
        drop(m.unlock, inside=m.write)
    )
    assert "expected 4 matches or more, found 3" in refused(drop(m.unlock, inside=m.write, nth=4))
    assert "found 1" in refused(drop(m.wait, inside=m.write, nth=2))


@pytest.mark.parametrize(
    "edits",
    [
        lambda m: [drop(m.wait, inside=m.write), replace(m.wait, by=m.trace, inside=m.write)],
        lambda m: [
            replace(m.wait, by=m.trace, inside=m.write),
            insert_before(m.wait, m.note, inside=m.write),
        ],
        lambda m: [
            insert_before(m.wait, m.note, inside=m.write),
            insert_before(m.wait, m.note, inside=m.write),
        ],
        lambda m: [drop(m.test_writeback, inside=m.write), drop(m.unlock, inside=m.write, nth=2)],
        lambda m: [drop(m.unlock, inside=m.write, nth=2), drop(m.test_writeback, inside=m.write)],
        lambda m: [drop(m.wait, inside=m.write), override(m.write, by=m.write_fast)],
    ],
)
def test_two_edits_of_one_statement_are_refused(m, edits):
    assert "[overlap]" in refused(*edits(m))


def test_all_problems_are_reported_at_once(m):
    text = refused(drop(m.unknown, inside=m.write), drop(m.wait, inside=m.write_fast))

    assert text.count("[stale-anchor]") == 2


def test_an_edit_of_something_else_than_a_function_is_refused(m):
    assert "'lock' is not a function of the model" in refused(drop("lock", inside=m.write))


def test_a_diff_names_a_module_of_a_package_from_its_root(tmp_path, monkeypatch):
    package = tmp_path / "pack_for_diff" / "fs"
    package.mkdir(parents=True)
    (package / "file.py").write_text(MODEL)
    monkeypatch.syspath_prepend(tmp_path)
    module = importlib.import_module("pack_for_diff.fs.file")

    assert (
        edited(design(drop(module.wait, inside=module.write)))
        .diff()
        .startswith("--- a/pack_for_diff/fs/file.py\n")
    )
    del sys.modules["pack_for_diff.fs.file"]
