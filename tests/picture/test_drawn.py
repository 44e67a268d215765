"""Counterexamples in the forms of other tools: Perfetto's trace, Mermaid's diagram, SVG."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from checker.cli import main
from checker.picture.mermaid import to_mermaid
from checker.picture.perfetto import STEP, to_perfetto
from checker.picture.svg import to_svg
from checker.verdict.replay import Replayed, replayed

RACE = "counterexamples/no_io_size_clamp--recorded_size_is_backed.txt"
PETERSON = "tests/models/peterson.py"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def race() -> Replayed:
    return replayed(RACE)


def spans(found: dict, thread: str) -> list[tuple[int, int, str]]:
    """The slices of a thread: begin, end, name."""
    (tid,) = [e["tid"] for e in found["traceEvents"] if e["name"] == "thread_name" and e["args"]["name"] == thread]
    return [(e["ts"], e["ts"] + e["dur"], e["name"]) for e in found["traceEvents"] if e["ph"] == "X" and e["tid"] == tid]


def test_calls_are_slices_in_each_other(race):
    found = to_perfetto(race.trace, race.drawings)
    writer = spans(found, "writer")

    for begin, end, name in writer:
        for other in writer:
            assert other[1] <= begin or other[0] >= end or (other[0] <= begin and end <= other[1]) or (begin <= other[0] and other[1] <= end), (name, other)
    inner = next(one for one in writer if one[2].startswith("i_size_write"))
    around = {name.split("(")[0] for begin, end, name in writer if begin <= inner[0] and inner[1] <= end}
    assert {"append", "xfs_file_buffered_write", "iomap_file_buffered_write", "iomap_write_iter"} <= around


def test_every_step_is_a_slice_with_its_place(race):
    steps = [event for event in to_perfetto(race.trace, race.drawings)["traceEvents"] if event.get("cat") == "step"]

    assert [event["args"]["step"] for event in sorted(steps, key=lambda e: e["ts"])] == list(range(1, len(race.trace.steps) + 1))
    assert all(re.fullmatch(r"model/.*\.py:\d+", event["args"]["place"]) for event in steps)


def test_sizes_are_counters(race):
    events = to_perfetto(race.trace)["traceEvents"]
    sizes = [(event["ts"] // STEP, event["args"]["value"]) for event in events if event["ph"] == "C" and event["name"] == "i_size"]

    assert [value for _, value in sizes] == [0, 1, 2]
    for moment, value in sizes:
        assert race.trace.states[moment][race.trace.judge.slots.names.index("Inode.i_size")] == value
    (wrong,) = [event for event in events if event["ph"] == "i"]
    assert wrong["name"] == "violated: recorded_size_is_backed" and wrong["ts"] == STEP * len(race.trace.steps)


def test_a_diagram_has_a_note_for_each_moment(race):
    lines = to_mermaid(race.trace, race.drawings).splitlines()

    assert lines[0] == "sequenceDiagram"
    assert [line.split(" as ")[1] for line in lines if "participant" in line] == ["writer", "irq 0", "kworker"]
    notes = [line.split(": ", 1) for line in lines if "Note over" in line]
    assert len(notes) == len(lines) - 4 and "#lt;power failure#gt;" in "".join(text for _, text in notes)
    assert not any(re.search(r"[<>;#]", re.sub(r"#\w+;", "", text)) for _, text in notes)


def test_a_drawing_has_a_lifeline_for_each_thread_and_an_arrow_for_each_order(race):
    root = ElementTree.fromstring(to_svg(race.trace, race.drawings))
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]

    assert len([line for line in root.iter(f"{SVG}line")]) == 3 and texts[:3] == ["writer", "irq 0", "kworker"]
    assert len([path for path in root.iter(f"{SVG}path") if path.get("marker-end")]) == 2
    assert len([dot for dot in root.iter(f"{SVG}circle")]) == len([line for line in texts if "): " in line or "the device" in line or "transaction" in line])


def test_what_has_no_short_form_is_drawn_step_by_step():
    outcome = replayed("counterexamples/f2fs--f2fs_system_calls_end.txt")
    text = to_mermaid(outcome.trace, outcome.drawings)

    assert outcome.trace.loop is not None and text.count("Note over") >= len(outcome.trace.steps)
    assert ElementTree.fromstring(to_svg(outcome.trace, outcome.drawings)).tag == f"{SVG}svg"


def test_the_files_are_written_by_check(tmp_path: Path, capsys):
    files = {name: tmp_path / f"race.{name}" for name in ("perfetto", "mermaid", "svg")}
    words = [word for name, file in files.items() for word in (f"--{name}", str(file))]

    assert main(["check", "--model", PETERSON, "--design", "turn_first", *words]) == 1
    assert json.loads(files["perfetto"].read_text())["traceEvents"]
    assert files["mermaid"].read_text().startswith("sequenceDiagram") and files["svg"].read_text().startswith("<svg")
    capsys.readouterr()


def test_without_a_counterexample_nothing_is_written_and_that_is_said(tmp_path: Path, capsys):
    assert main(["check", "--model", PETERSON, "--svg", str(tmp_path / "none.svg")]) == 0
    assert "none.svg is not written: there is no counterexample" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told_before_the_search(tmp_path: Path, capsys):
    assert main(["check", "--model", PETERSON, "--perfetto", str(tmp_path / "no" / "file.json")]) == 2
    assert "cannot be written" in capsys.readouterr().err
