"""Traces of a kernel held against the model; no machine is needed: the interpreter makes traces as a kernel would record them."""

from __future__ import annotations

import random

import pytest

from checker.base.errors import UsageError
from model.lab import episodes, report, validate
from model.lab.disturbed import disturbances
from model.lab.episodes import Episode, Event
from model.lab.matching import ACCEPTED, REFUSED, UNDECIDED, Matcher

NAME = "iomap"
RUNS = 6
TRACE = """\
# iomap default on 6.12.0
          writer-90    [000] .....     1.000001: tracing_mark_write: episode 7 ino=131
          writer-90    [000] .....     1.000002: tracing_mark_write: begin append 1024 0
          writer-90    [000] .....     1.000003: iomap_begin: (xfs_buffered_write_iomap_begin+0x0/0x8d0) ino=131 offset=3072 i_size=3072
          writer-90    [000] .....     1.000004: get_folio: (__filemap_get_folio+0x0/0x330) ino=9 index=0
   kworker/0:1-12      [001] .....     1.000005: setfilesize: (xfs_setfilesize+0x0/0x1d0) ino=131 io_offset=0 io_size=4096 i_size=4096
            disc-80    [001] .....     1.000006: end_bio: (xfs_end_bio+0x0/0x60) bio=0xffff888003f2
              sh-70    [001] .....     1.000007: iomap_begin: (xfs_buffered_write_iomap_begin+0x0/0x8d0) ino=131 offset=0 i_size=3072
          writer-90    [000] .....     1.000008: tracing_mark_write: end append ret=1024
        episodes-60    [000] .....     1.000009: tracing_mark_write: over 7
        episodes-60    [000] .....     1.000010: unlock: (folio_unlock+0x0/0x20) ino=131 index=0 i_size=3072
"""


@pytest.fixture(scope="module")
def matcher() -> Matcher:
    return validate.matcher_of(NAME, validate.task_of(episodes.system(NAME), "default"))


def recorded(matcher: Matcher, seed: int) -> Episode:
    """A run of the model to its end, as a kernel would record it."""
    chance, state, events = random.Random(seed), matcher.initial[0], []
    busy: dict[int, str] = {}
    for _ in range(1000):
        if not (can := [step for process in range(len(matcher.processes)) for step in matcher.steps_of(state, process)]):
            break
        step = chance.choice(can)
        shown = matcher.shows[step.process][step.label]
        if shown:
            events.append(_event(matcher, shown, state, step))
        state = step.after
        busy |= {step.process: events[-1].said} if shown.startswith("begin ") else {}
        if step.process in busy and matcher.at_rest(state, step.process):
            events.append(Event(matcher.program.processes[step.process].name, "end", {"ret": 0}, busy.pop(step.process)))
    return Episode(seed, tuple(events))


def _event(matcher: Matcher, shown: str, state, step) -> Event:
    role = matcher.program.processes[step.process].name
    if shown.startswith("begin "):
        operation = shown.split()[1]
        sizes = matcher.made["threads"][role][operation]["sizes"]
        size = dict(matcher.program.constants)[sizes[step.choices[0]]] * matcher.unit if sizes and step.choices else 0
        return Event(role, "begin", {"size": size}, operation)
    known, fields = matcher.known[shown], {}
    for name in [*known.same, *filter(None, [known.folio])]:
        values = (value * (1 if name == known.folio else matcher.unit) for value in range(10))
        fields |= next({name: one} for one in values if known.fit(Event(role, shown, {**fields, name: one}), state, step))
    return Event(role, shown, {name: state[slot] * matcher.unit for name, slot in known.now.items()} | fields)


# --------------------------------------------------------------------- reading


def test_events_of_another_file_or_thread_or_time_are_no_part_of_an_episode():
    (only,) = episodes.read(TRACE, ["writer", "irq", "kworker"])

    assert only.number == 7
    assert [str(event) for event in only.events] == [
        "writer: begin append size=1024",
        "writer: iomap_begin offset=3072 i_size=3072",
        "kworker: setfilesize io_offset=0 io_size=4096 i_size=4096",
        "irq: end_bio",
        "writer: end append ret=1024",
    ]


def test_a_field_that_could_not_be_read_is_left_out():
    line = TRACE.replace("i_size=3072\n          writer", "i_size=(fault)\n          writer", 1)

    (only,) = episodes.read(line, ["writer"])
    assert only.events[1].fields == {"ino": 131, "offset": 3072}


def test_the_guest_is_told_sizes_in_bytes(matcher):
    text = episodes.operations(episodes.system(NAME), dict(matcher.program.constants))

    assert "file 3072 3072" in text
    assert "append append 1024 0\nappend append 3072 0\nwrite overwrite 1024 2048 unless truncater" in text


def test_a_system_without_a_table_is_refused_by_name():
    with pytest.raises(UsageError, match="no kernel's trace can be held against nfs; there are iomap"):
        episodes.system("nfs")


# ------------------------------------------------------------------- the table


def test_every_pattern_of_the_table_names_a_step_of_the_model(matcher):
    shown = {name for process in matcher.shows for name in process}
    known = episodes.data()["events"]

    for name in matcher.made["events"]:
        if name in known and known[name].get("steps"):
            assert name in shown, name
    for thread, operations in matcher.made["threads"].items():
        for name in operations:
            assert name == "most" or f"begin {name}" in shown, (thread, name)


def test_every_value_that_is_compared_is_one_of_the_model(matcher):
    for event in episodes.data()["events"].values():
        assert set(event.get("now", {}).values()) <= set(matcher.judge.slots.names)
        assert all(f"{name}=" in event["fields"] for name in [*event.get("now", ()), *event.get("same", ())])


# -------------------------------------------------------------------- matching


@pytest.mark.parametrize("seed", range(RUNS))
def test_what_the_model_has_done_it_can_do(matcher, seed):
    assert matcher.match(recorded(matcher, seed)).verdict == ACCEPTED


def test_what_is_spoilt_is_refused(matcher):
    chance, verdicts = random.Random(2), []
    for seed in range(RUNS):
        spoilt = disturbances(recorded(matcher, seed), matcher.shows_a_step, chance)
        verdicts += [(kind, matcher.match(one).verdict) for kind, one in spoilt]

    assert {kind for kind, _ in verdicts} == {"exchanged", "dropped", "changed"}
    assert [verdict for _, verdict in verdicts].count(REFUSED) >= 0.8 * len(verdicts)


def test_a_search_that_is_cut_off_says_so(matcher):
    assert matcher.match(recorded(matcher, 0), most=10).verdict == UNDECIDED


def test_a_refusal_shows_how_far_it_came_and_what_does_not_fit(matcher):
    lines = TRACE.splitlines()
    lines[3] = lines[3].replace("i_size=3072", "i_size=9999")
    task = validate.task_of(episodes.system(NAME), "default")

    found = validate.held(NAME, task, lines, "6.12.0")

    assert found.verdicts == {REFUSED: 1} and validate.status(found) == 1
    text = report.validated(found)
    assert "0 of 1 episodes of Linux 6.12.0 are runs of the model" in text
    assert "then comes writer: iomap_begin offset=3072 i_size=9999" in " ".join(text.split())


def test_a_file_that_is_no_trace_is_refused(tmp_path):
    (tmp_path / "trace").write_text("nothing\n")

    with pytest.raises(UsageError, match="is no trace of iomap"):
        list(validate.read_again(NAME, str(tmp_path / "trace")))
