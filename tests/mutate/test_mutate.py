"""Mutants of the model: which there are, what kills them, and what is kept of that."""

from __future__ import annotations

import json
import linecache
from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.cli import main
from checker.mutate.judge import Fate, judge
from checker.mutate.mutants import mutants_of
from checker.mutate.run import resurrected
from checker.mutate.store import MUTANTS, Journal, explanations, fates, path_of, write
from checker.source.catalogue import load
from checker.source.variant import edited
from checker.table.rows import load as load_table

MODEL = '''\
from checker.lang import Flag, Ghost, Lock, Range, Record, Struct, acquire, atomic, baseline, constant, invariant
from checker.lang import kernel, primitive, process, pure, release, scenario, terminal, warn_on


class Box(Struct):
    """A counter."""
    lock = Lock("the lock")
    full = Flag("full")
    count = Range(0, 8, "count", guard=lock)
    adds = Ghost(Range(0, 8, "adds"))


class Note(Record):
    """A thread's own."""
    value = Range(0, 8, "value")


@primitive("x.c")
def lock():
    """Take it."""
    acquire(Box[0].lock)


@primitive("x.c")
def unlock():
    """Give it back."""
    release(Box[0].lock)


@primitive("x.c")
def trace():
    """What nobody looks at."""
    Box[0].full = True


@primitive()
def note_add():
    """A ghost."""
    Box[0].adds += 1


@kernel("x.c")
def add():
    """Add one."""
    note = Note()
    note.value = 1
    lock()
    warn_on(note.value > 1)
    with atomic("count"):
        Box[0].count += note.value
        note_add()
    trace()
    unlock()


def run():
    """The operation."""
    add()


@invariant
def nothing_is_lost():
    """What was added is there."""
    return Box[0].count == Box[0].adds


@terminal
def all_is_counted():
    """In the end there are two."""
    return Box[0].count == 2


base = baseline("As it is.")
both = scenario("Two add.", process("adder", run, count=2), of=base)
'''
ROW = '[[row]]\ndesign = "base"\nscenario = "both"\nverdict = "holds"\nstates = 15\n'


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "box.py").write_text(MODEL)
    (tmp_path / "table.toml").write_text('model = "box.py"\n' + ROW)
    return tmp_path


@pytest.fixture
def run(model, capsys):
    def runner(*arguments: str) -> tuple[int, str, str]:
        store = ["--table", str(model / "table.toml"), "--store", str(model), "--processes", "1"]
        status = main(["mutate", *store, *arguments])
        return status, *capsys.readouterr()

    return runner


def test_every_step_is_dropped_and_every_two_neighbours_are_swapped(model):
    changes = [mutant.change for mutant in mutants_of(load(model / "box.py"))]

    assert changes == [
        "drop lock()", "drop [count]", "drop trace()", "drop unlock()",
        "swap lock() / [count]", "swap [count] / trace()", "swap trace() / unlock()",
        "drop Box[0].count += note.value",
    ]  # fmt: skip


def test_a_mutant_is_a_design_that_differs(model):
    for mutant in mutants_of(load(model / "box.py")):
        diff = edited(mutant.design(None)).diff()
        assert diff.count("\n-        ") + diff.count("\n-    ") >= 1, mutant


def test_what_becomes_of_each(run, model):
    status, out, _ = run("--json", "-")
    verdicts = {one["change"]: (one["verdict"], one["by"]) for one in json.loads(out)["mutants"]}

    assert status == 1
    assert verdicts["drop lock()"] == ("killed", "guard")
    assert verdicts["drop unlock()"] == ("killed", "lock_leak")
    assert verdicts["drop trace()"] == ("survived", None)
    assert verdicts["drop Box[0].count += note.value"] == ("killed", "nothing_is_lost")
    assert {change for _, change in fates(model / "mutants.toml")} == set(verdicts)


ORDERS = '''\
from checker.lang import Flag, Range, Struct, atomic, baseline, kernel, process, scenario


class Box(Struct):
    """Some fields."""
    a = Range(0, 2, "a")
    b = Range(0, 2, "b")
    done = Flag("done")


@kernel("x.c")
def f():
    """One step."""
    with atomic("a step"):
        FIRST
        SECOND
        Box[0].done = Box[0].a > Box[0].b


base = baseline("As it is.")
one = scenario("It runs.", process("p", f), of=base)
'''


@pytest.mark.parametrize(
    ("first", "second", "fate"),
    [
        ("Box[0].a = 1", "Box[0].b = 2", Fate("equivalent", "the two commute")),
        ("Box[0].a = 1", "Box[0].a = 2", Fate("survived", rows=1)),  # both write it
        ("Box[0].a = 1", "Box[0].b = Box[0].a", Fate("survived", rows=1)),  # one reads what the other writes
        ("Box[0].b = Box[0].a", "Box[0].a = 1", Fate("survived", rows=1)),
        ("Box[0].b = 1 if Box[0].a == 0 else 2", "Box[0].a += 1", Fate("survived", rows=1)),
    ],
)
def test_two_that_commute_are_told_from_two_that_do_not(run, model, first, second, fate):
    text = ORDERS.replace("FIRST", first).replace("SECOND", second)
    (model / "box.py").write_text(text)
    (model / "table.toml").write_text('model = "box.py"\n[[row]]\ndesign = "base"\nscenario = "one"\nverdict = "holds"\nstates = 2\n')
    run()

    change = f"swap {first} / {second}"
    assert fates(model / "mutants.toml")["box.f", change] == fate


def test_what_makes_no_step_is_equivalent(run, model):
    rewrite(model, lambda text: text.replace("    Box[0].full = True\n", ""))
    run()
    assert fates(model / "mutants.toml")["box.add", "drop trace()"] == Fate("equivalent", "same program")


def test_a_step_that_constants_keep_out_is_not_excused(run, model):
    rewrite(model, lambda text: text.replace("    trace()\n    unlock", "    if MORE > 0:\n        trace()\n    unlock"))
    rewrite(model, lambda text: text.replace("class Note", 'MORE = constant(0, "more")\n\n\nclass Note'))
    run()
    assert fates(model / "mutants.toml")["box.add", "drop trace()"] == Fate("survived", rows=0)


def test_a_step_that_no_row_takes_is_not_excused(run, model):
    rewrite(model, lambda text: text.replace("    trace()\n    unlock", "    if Box[0].count > 5:\n        trace()\n    unlock"))
    status, out, _ = run()
    assert status == 1 and "no row of the table that holds takes the step:\n  add\n      drop trace()" in out


def test_an_explained_survivor_is_no_gap(run, model):
    place = "box.add"
    harmless = ["drop trace()", "swap [count] / trace()", "swap trace() / unlock()"]
    lines = "\n".join(f'"{change}" = "trace() does nothing."' for change in harmless)
    (model / "survivors.toml").write_text(f'["{place}"]\n{lines}\n')

    status, out, _ = run()
    assert status == 0 and "0 %  survive" in out and "score 100 %" in out


def test_a_run_goes_on_where_it_was(run, model, monkeypatch):
    run("add")
    path = next((model / "cache").rglob("journal.jsonl"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:3]) + "\n[not whole\n")
    whole = Journal(path.parent.parent).read()
    assert len(whole) == 3

    tried = []
    monkeypatch.setattr("checker.mutate.run.judge", lambda job: tried.append(job.change) or judge(job))
    run("add")
    assert len(tried) == len(lines) - 3 and len(Journal(path.parent.parent).read()) == len(lines)


def test_what_a_change_of_the_model_does_not_concern_is_not_tried_again(run, model, monkeypatch):
    tried = []
    monkeypatch.setattr("checker.mutate.run.judge", lambda job: tried.append(job.change) or judge(job))
    run()
    count = len(tried)
    rewrite(model, lambda text: text.replace('"""Add one."""', '"""Add one, and more words."""\n'))
    run()
    assert len(tried) == count

    rewrite(model, lambda text: text.replace("note.value = 1", "note.value = 2"))  # of the function itself
    run()
    assert len(tried) == 2 * count


def rewrite(model: Path, change) -> None:
    (model / "box.py").write_text(change((model / "box.py").read_text()))
    linecache.checkcache()


def test_who_survives_now_and_was_killed_before_is_named(run, model):
    known = {("box.add", "drop trace()"): Fate("killed", "guard", "base", "both")}
    write(model / "mutants.toml", known)

    status, out, _ = run()
    assert status == 1 and "formerly killed, and not any more:\n  add\n      drop trace()" in out


def test_the_store_is_read_as_it_is_written(tmp_path):
    known = {
        ("m.f", 'drop x("a")'): Fate("killed", "deadlock", "base", "both", 3),
        ("m.f", "drop y"): Fate("survived", rows=4),
        ("m.g", "swap a / b"): Fate("refused", "unset"),
    }
    write(tmp_path / "mutants.toml", known)

    assert fates(tmp_path / "mutants.toml") == known
    assert fates(tmp_path / "none.toml") == {}


@pytest.mark.parametrize("text", ["[m\n", 'm = 1\n', '["m.f"]\n"drop x" = { by = 3 }\n'])
def test_a_store_that_is_not_right_is_refused(tmp_path, text):
    (tmp_path / "mutants.toml").write_text(text)
    with pytest.raises(UsageError, match="mutants.toml"):
        fates(tmp_path / "mutants.toml")


def test_an_explanation_says_something(tmp_path):
    (tmp_path / "survivors.toml").write_text('["m.f"]\n"drop x" = ""\n')
    with pytest.raises(UsageError, match="say why"):
        explanations(tmp_path / "survivors.toml")


def test_who_was_killed_is_tried_again_where_it_was(model):
    catalogue, rows = load(model / "box.py"), load_table([str(model / "table.toml")])
    known = {
        ("box.add", "drop trace()"): Fate("killed", "guard", "base", "both"),  # it is not
        ("box.add", "drop unlock()"): Fate("killed", "deadlock", "base", "both"),
        ("box.add", "drop lock()"): Fate("killed", "guard", "base", "gone"),  # nothing can be said
        ("box.add", "drop what()"): Fate("killed", "guard", "base", "both"),  # no mutant any more
        ("box.add", "drop [count]"): Fate("survived", rows=1),
    }
    assert resurrected(catalogue, rows, known, processes=1) == (2, [("box.add", "drop trace()")])
    assert resurrected(catalogue, rows, known, sample=1, processes=1)[0] == 1


def test_who_was_killed_is_killed_with_reductions_too(model):
    """By the same property if it can be asked for alone, or by what is always on, which comes first."""
    catalogue, rows = load(model / "box.py"), load_table([str(model / "table.toml")])
    known = {
        ("box.add", "drop trace()"): Fate("killed", "guard", "base", "both"),
        ("box.add", "drop unlock()"): Fate("killed", "nothing_is_lost", "base", "both"),  # a lock is left behind
    }
    told = {}

    tried = resurrected(catalogue, rows, known, processes=1, other_way=True, told=told.__setitem__)

    assert tried == (2, [("box.add", "drop trace()")])
    assert told["box.add", "drop unlock()"].by == "lock_leak"


def test_that_a_witness_is_missed_is_seen_with_symmetry_alone():
    """Partial order need not reach it, and says nothing of it."""
    place = "model.history.small_models.set_dirty_vs_truncate_accounting.dirty_shared_page"
    key = place, "drop if page_is_mapped()"

    assert resurrected(load(), load_table(), {key: fates(path_of(None, MUTANTS))[key]}, processes=1, other_way=True) == (1, [])


def test_a_function_that_there_is_not(run):
    assert run("subtract")[0] == 2


def test_every_explanation_is_of_a_mutant_that_there_is():
    from checker.mutate.store import SURVIVORS, path_of

    known = {(mutant.place, mutant.change) for mutant in mutants_of(load())}
    assert set(explanations(path_of(None, SURVIVORS))) <= known


def test_a_sample_of_the_stored_kills_still_kills():
    """Of the stored run; all of them are tried again by `regress`."""
    rows = [row for row in load_table() if (row.expected.states or 0) < 30_000]
    small = {(row.design, row.scenario, row.bound) for row in rows}
    killed = {key: fate for key, fate in fates(path_of(None, MUTANTS)).items() if fate.row in small}

    tried, lost = resurrected(load(), rows, killed, sample=4, processes=1)
    assert tried == 4 and lost == []


def test_a_survivor_that_was_killed_before_fails_the_regression():
    from checker.regress.run import Regression
    from checker.regress.text import end

    found = Regression((), 1.0, 1, mutants=3, survivors=("add: drop trace()",))
    assert found.exit_status() == 1 and Regression((), 1.0, 1, mutants=3).exit_status() == 0
    assert "survives, and was killed before: add: drop trace()" in end(found)
    assert "3 mutants tried again: 2 killed as before" in end(found)
