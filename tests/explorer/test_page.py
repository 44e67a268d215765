"""What the explorer's page is given: scenes, walks, schedules in addresses, two designs side by side."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.test import Client

from checker.base.errors import UsageError
from checker.cli import main
from checker.explorer import schedule
from checker.explorer.beside import aligned
from checker.explorer.page import page
from checker.explorer.server import Explorer, server
from checker.explorer.session import Session, opened, walked, whole
from checker.trace.trace import Trace, Turn
from checker.trace.transplant import Transplanted

PETERSON = "tests/models/peterson.py"
RACE = "counterexamples/no_io_size_clamp--recorded_size_is_backed.txt"
LARGEST = "counterexamples/f2fs_folios/f2fs_r5_11--f2fs_no_write_is_lost.txt"
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def race() -> tuple[Session, Trace]:
    return opened(RACE, None, None, None, None)


@pytest.fixture
def peterson() -> Client:
    return Client(Explorer(*opened(None, PETERSON, "turn_first", None, None)))


def data_of(text: str) -> dict[str, Any]:
    """What a page shows."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


# ------------------------------------------------------------------ schedules


def test_a_schedule_is_read_as_it_was_written(race):
    trace = race[1]
    text = schedule.written(trace.turns(), trace.judge.actors)

    assert re.fullmatch(r"[a-z\d.]+", text)
    assert [(t.process, t.instance, t.choices) for t in schedule.read(text, trace.judge.actors)] == [
        (t.process, t.instance, t.choices) for t in trace.turns()
    ]


@pytest.mark.parametrize("text, said", [("a?", "no step of a schedule"), ("z", "only 5 threads")])
def test_what_is_no_schedule_is_refused(race, text, said):
    with pytest.raises(UsageError, match=said):
        schedule.read(text, race[1].judge.actors)


# ------------------------------------------------------------- scenes and walks


def test_the_states_of_a_walk_are_those_of_the_trace(race):
    session, trace = race
    walk = whole(session, trace)["walk"]
    state = list(walk["moments"][0]["state"])
    found = [tuple(state)]
    for moment in walk["moments"][1:]:
        for slot, value in moment["changed"]:
            state[slot] = value
        found.append(tuple(state))

    assert tuple(found) == trace.states


def test_a_step_has_its_line_of_the_model(race):
    data = whole(*race)
    index = next(n for n, step in enumerate(data["walk"]["steps"]) if step["text"].startswith("i_size_write"))
    step = data["walk"]["steps"][index]
    block = data["scene"]["blocks"][f"{data['scene']['threads'][step['who']]['process']}.{step['label']}"]
    number, row, place = block["frames"][-1]
    function = data["scene"]["functions"][number]

    assert function["name"] == "iomap_write_iter" and "i_size_write(" in function["text"][row]
    assert re.fullmatch(r"model/fs/iomap/buffered_io\.py:\d+", place)
    text = Path(place.split(":")[0]).read_text().splitlines()
    assert text[int(place.split(":")[1]) - 1] == function["text"][row]


def test_only_the_end_is_false_and_says_why(race):
    moments = whole(*race)["walk"]["moments"]
    (last,) = [moment for moment in moments if moment.get("false")]

    assert last is moments[-1] and last["false"][0]["property"] == "recorded_size_is_backed"
    assert "i_disk_size = 2" in last["false"][0]["because"]


def test_a_variant_has_its_baseline_beside_it(race):
    data = whole(*race)["beside"]
    rows, parts = data["rows"], data["parts"]

    assert data["scene"]["design"] == "iomap" and "io_size = 1, not 2" in data["why"]
    assert rows[:parts] == [[n, n] for n in range(parts)] and 0 < parts < len(rows)
    assert data["walk"]["steps"][rows[parts][1]]["text"].startswith("bio_add_folio")


def test_steps_that_one_design_has_not_stand_alone(race):
    trace = race[1]
    short = replace(trace, steps=trace.steps[:4])
    found = Transplanted(replace(trace, steps=trace.steps[:3]), stopped=3, origin=short, passed=(1,), more=((2, "here"),))

    assert aligned(found) == [[0, 0], [1, None], [None, 1], [2, 2], [3, None]]


def test_a_walk_goes_on_behind_a_violation(race):
    session, trace = race
    turns = [*trace.turns(), Turn(*next((t.process, t.instance) for t in trace.turns()))]
    followed = walked(session.scene(), turns)

    assert followed.stopped is None and len(followed.trace.steps) == len(trace.steps) + 1


# ---------------------------------------------------------------------- pages


def test_the_page_of_the_largest_trace_is_small_and_whole():
    text = page(whole(*opened(LARGEST, None, None, None, None)))

    assert len(text.encode()) < MOST_BYTES
    assert not re.search(r"""(src|href)=|@import|url\(|https?://""", text.split('<script type="application/json"')[0])
    assert "connect-src 'none'" in text and data_of(text)["live"] is False


def test_what_a_model_says_cannot_end_the_script(race):
    data = whole(*race)
    text = page(data | {"scene": data["scene"] | {"about": "</script><b>"}})

    assert data_of(text)["scene"]["about"] == "</script><b>"


def test_a_page_is_written_for_a_file_only(tmp_path, capsys):
    assert main(["explore", "--html", str(tmp_path / "out.html")]) == 2
    assert "check --save" in capsys.readouterr().err and not list(tmp_path.iterdir())


# --------------------------------------------------------------------- server


def test_steps_are_chosen_one_after_the_other(peterson):
    first = peterson.get("/next").json["steps"]
    assert [step["text"] for step in first] == ["give_turn_away(contender 0)", "give_turn_away(contender 1)"]

    after = peterson.get("/walk?steps=a").json
    assert after["walk"]["schedule"] == "a" and after["walk"]["steps"][0]["text"] == first[0]["text"]
    assert after["next"]["steps"][0]["text"] == "raise_flag(contender 0)"


def test_a_schedule_that_cannot_be_followed_says_where(peterson):
    found = peterson.get("/walk?steps=a7").json
    assert found["walk"]["steps"] == [] and "cannot take step 1" in found["stopped"]


@pytest.mark.parametrize("query, said", [("walk?steps=!", "no step"), ("walk?start=9", "no start 9"), ("scene?design=nope", "nope"), ("walk?bound=x", "x")])
def test_a_wrong_request_is_told(peterson, query, said):
    answer = peterson.get(f"/{query}")
    assert answer.status_code == 400 and said in answer.json["error"]


def test_other_hosts_are_refused(peterson):
    assert peterson.get("/", headers={"Host": "localhost:80"}).status_code == 200
    assert peterson.get("/", headers={"Host": "evil.example"}).status_code == 403


def test_a_violation_is_searched_for(peterson):
    found = peterson.get("/violation").json
    assert found["said"].startswith("violated") and found["schedule"]

    walk = peterson.get(f"/walk?steps={found['schedule']}").json["walk"]
    assert walk["violation"]["property"] == "mutual_exclusion"


def test_a_port_that_is_taken_is_told(peterson):
    running = server(SimpleNamespace(), 0)
    try:
        with pytest.raises(UsageError, match=f"port {running.port} cannot be used"):
            server(SimpleNamespace(), running.port)
    finally:
        running.server_close()


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_when_it_is_stopped(sign):
    words = [sys.executable, "-m", "checker", "explore", "--model", PETERSON, "--no-open"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        address = running.stdout.readline()
        running.send_signal(sign)
        _, said = running.communicate(timeout=60)

    assert re.match(r"http://127\.0\.0\.1:\d+/  \(Ctrl-C ends it\)", address)
    assert running.returncode == 0 and said == ""
