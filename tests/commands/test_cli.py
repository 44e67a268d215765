"""The command line: verdicts, exit statuses, files, and one message for every error."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from checker.cli import main
from checker.output.lists import write_list
from checker.output.terminal import terminal
from checker.trace.file import RULER, _digest

ROOT = Path(__file__).resolve().parents[2]
MODELS = ROOT / "tests" / "models"
PETERSON = ["--model", str(MODELS / "peterson.py")]
COUNTERS = ["--model", str(MODELS / "counters.py")]
COMMIT = ["--model", str(MODELS / "two_phase_commit.py")]

ENDLESS = '''\
from checker.lang import Range, Struct, invariant, reachable, scenario, worker, atomic, wait_until, implies

class Far(Struct):
    """How far it got."""
    first = Range(0, 3000, "first")
    second = Range(0, 3000, "second")

def walk():
    """One step."""
    with atomic("a step"):
        wait_until(Far[0].first < 3000)
        Far[0].first += 1

def climb():
    """One step."""
    with atomic("a step"):
        wait_until(Far[0].second < 3000)
        Far[0].second += 1

@invariant
def never_back():
    """What is never so."""
    return implies(Far[0].first > 2999 and Far[0].second > 2999, Far[0].first == 3000)

all = scenario("All.", worker("walk", walk), worker("climb", climb))
'''


@pytest.fixture
def run(capsys):
    """Run a command in this process: exit status, standard output, standard error."""

    def runner(*arguments: str) -> tuple[int, str, str]:
        status = main(list(arguments))
        out, err = capsys.readouterr()
        return status, out, err

    return runner


def subprocess_run(*arguments: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "checker", *arguments], cwd=ROOT, capture_output=True, text=True,
                          **options)  # fmt: skip


# ------------------------------------------------------------------- verdicts


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_model_that_holds(run, engine):
    status, out, err = run("check", *COUNTERS, "--engine", engine)

    assert status == 0 and err == ""
    assert re.fullmatch(
        r"holds     counters  counting  10 properties\n"
        r"          64 states, 144 transitions, depth 9, complete, no reduction,\s+[\d.]+ s( \([\d.]+ s compiling\))?\n",
        out,
    )


def test_check_is_the_default_command(run):
    assert run(*COUNTERS)[0] == 0
    assert run(*COUNTERS, "--set", "N=2", "--json", "-")[0] == 0


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_design_that_is_violated(run, engine):
    status, out, err = run(*PETERSON, "--design", "turn_first", "--engine", engine)

    assert status == 1 and err == ""
    assert out.startswith("violated  turn_first  two  mutual_exclusion\n")
    assert "At most one process is in the critical section." in out
    assert "raise_flag(" in out


def test_the_order_that_matters_is_told_below_the_counterexample(run):
    short = run(*PETERSON, "--design", "turn_first")[1]
    assert "\n  order that it takes: 1 before 3, 2 before 5\n\n  --full shows every step\n" in short

    _, out, _ = run(*PETERSON, "--design", "turn_first", "--full")
    assert "\n\n  This takes compete 0's give_turn_away() in compete() before compete 1's\n" in out


def test_quiet_is_one_line(run):
    assert run(*PETERSON, "--design", "turn_first", "--quiet")[1].count("\n") == 1


def test_constants_are_set(run):
    status, out, _ = run(*COMMIT, "--set", "rm=5", "--json", "-")

    assert status == 0 and json.loads(out)["states"] == 8832


def test_continue_explores_everything(run):
    stopped = json.loads(run(*PETERSON, "--design", "turn_first", "--json", "-")[1])
    status, out, _ = run(*PETERSON, "--design", "turn_first", "--continue", "--json", "-")
    complete = json.loads(out)

    assert status == 1 and complete["verdict"] == "violated"
    assert complete["states"] > stopped["states"]
    assert (stopped["stopped_by"], complete["stopped_by"]) == ("violation", "")


def test_the_object_that_json_writes(run, tmp_path):
    path = tmp_path / "result.json"
    run(*PETERSON, "--design", "turn_first", "--json", str(path))
    result = json.loads(path.read_text())

    assert {key: result[key] for key in ("verdict", "design", "scenario", "bound", "reductions", "engine")} == {
        "verdict": "violated", "design": "turn_first", "scenario": "two", "bound": None, "reductions": [],
        "engine": "native",
    }  # fmt: skip
    assert result["states"] > 1 and result["transitions"] > 1 and result["depth"] >= 1
    assert result["seconds"] > 0 and result["states_per_second"] > 0
    assert {"name": "mutual_exclusion", "verdict": "violated"} in result["properties"]
    violation = result["violation"]
    assert violation["property"] == "mutual_exclusion" and violation["file"] is None
    assert violation["message"] == "At most one process is in the critical section."
    assert {"process", "call", "choices", "place"} == set(violation["steps"][0])


@pytest.mark.parametrize("arguments", [
    [*PETERSON], [*PETERSON, "--design", "turn_first"], [*COUNTERS, "--engine", "interpret", "--digest"], [*COMMIT, "--engine", "symbolic"],
    ["--scenario", "append_flush", "--bound", "1"],
])  # fmt: skip
def test_what_json_writes_is_as_the_schema_says(run, arguments):
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads((ROOT / "checker" / "output" / "result.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    result = json.loads(run(*arguments, "--json", "-")[1])

    jsonschema.validate(result, schema)
    assert set(result) == set(schema["properties"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(result | {"states": "many"}, schema)


def test_a_violation_as_sarif(run, tmp_path, monkeypatch):
    from checker import __version__

    path = tmp_path / "result.sarif"
    monkeypatch.chdir(tmp_path)
    assert run(*PETERSON, "--design", "turn_first", "--sarif", str(path))[0] == 1
    (log,) = json.loads(path.read_text())["runs"]
    (result,) = log["results"]

    assert log["tool"]["driver"]["version"] == __version__
    assert result["ruleId"] == "mutual_exclusion" and result["level"] == "error"
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"] == "tests/models/peterson.py"  # also from another directory
    steps = [step for flow in result["codeFlows"][0]["threadFlows"] for step in flow["locations"]]
    assert sorted(step["executionOrder"] for step in steps) == [*range(1, len(steps) + 1)]

    run(*PETERSON, "--design", "turn_first", "--engine", "interpret", "--sarif", str(path))
    assert json.loads(path.read_text())["runs"][0]["results"][0]["partialFingerprints"] == result["partialFingerprints"]
    run(*PETERSON, "--sarif", str(path))
    assert json.loads(path.read_text())["runs"][0]["results"] == []


def test_junit_has_a_case_for_each_property(run, tmp_path):
    path = tmp_path / "result.xml"
    run(*PETERSON, "--design", "turn_first", "--junit", str(path))
    cases = {case.get("name"): case for case in ElementTree.parse(path).iter("testcase")}

    assert cases["mutual_exclusion"].find("failure") is not None
    assert "raise_flag" in cases["mutual_exclusion"].find("failure").text
    assert cases["somebody_is_inside"].find("failure") is None


# ------------------------------------------------------------------ incomplete


@pytest.mark.parametrize("engine", ["native", "interpret"])
def test_a_time_limit_makes_it_incomplete(run, tmp_path, engine):
    (tmp_path / "endless.py").write_text(ENDLESS)
    status, out, err = run("--model", str(tmp_path / "endless.py"), "--time-limit", "0.2", "--engine", engine)

    assert status == 3 and err == ""
    assert out.startswith("incomplete  ") and "stopped by the time limit" in out
    assert re.search(r"every interleaving of up to \d+ steps was explored", out)


def test_a_memory_limit_makes_it_incomplete(run, tmp_path):
    (tmp_path / "endless.py").write_text(ENDLESS)
    status, out, _ = run("--model", str(tmp_path / "endless.py"), "--memory-limit", "0.02", "--json", "-")

    result = json.loads(out)
    assert status == 3 and result["verdict"] == "incomplete" and result["stopped_by"] == "memory"
    assert {p["verdict"] for p in result["properties"]} == {"incomplete"}


# ------------------------------------------------------------------- witnesses

WITNESSES = '''\
from checker.lang import Flag, Struct, implies, invariant, reachable, scenario, thread

class Lamp(Struct):
    """A lamp."""
    lit = Flag("lit")
    broken = Flag("broken")

def switch_on():
    """Light."""
    Lamp[0].lit = True

@reachable(bound=3)
def broken():
    """The lamp breaks."""
    return Lamp[0].broken

@invariant
def broken_is_dark():
    """A broken lamp is dark."""
    return implies(Lamp[0].broken, not Lamp[0].lit)

main = scenario("One lamp.", thread("hand", switch_on), bound=2)
'''


@pytest.fixture
def lamp(tmp_path: Path) -> list[str]:
    (tmp_path / "lamp.py").write_text(WITNESSES)
    return ["--model", str(tmp_path / "lamp.py")]


def test_a_witness_need_not_be_reached_below_its_bound(run, lamp):
    status, out, _ = run(*lamp)

    assert status == 0 and "1 witness not due at this bound" in out
    assert "not exercised: broken_is_dark" in out


def test_a_witness_that_is_never_reached_is_a_violation(run, lamp):
    status, out, _ = run(*lamp, "--bound", "3")

    assert status == 1 and out.startswith("violated  lamp  main  bound 3  broken\n")
    assert "vacuous: never reached: The lamp breaks." in out


def test_json_tells_vacuous_properties(run, lamp):
    verdicts = {p["name"]: p["verdict"] for p in json.loads(run(*lamp, "--json", "-")[1])["properties"]}

    assert verdicts["broken"] == "not due" and verdicts["broken_is_dark"] == "vacuous" and verdicts["deadlock"] == "holds"


# ----------------------------------------------------------------------- lists


def test_lists_have_one_line_each(run):
    assert run("designs", *PETERSON)[1].splitlines() == [
        "peterson              Peterson 1981.",
        "turn_first  peterson  Give the turn away before raising the flag.",
    ]
    assert run("scenarios", *PETERSON)[1] == "two  peterson  Two processes.\n"
    assert run("properties", *PETERSON)[1].splitlines()[1].split(maxsplit=2) == [
        "mutual_exclusion", "invariant", "At most one process is in the critical section."]  # fmt: skip


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (74, ["one     that is  " + " ".join(["long"] * 11), "second           short"]),
        (50, ["one     that is  " + " ".join(["long"] * 6), " " * 17 + " ".join(["long"] * 5), "second           short"]),
        (48, ["one  that is", "      " + " ".join(["long"] * 8), "      long long long", "second", "      short"]),
    ],
)
def test_lists_are_wrapped(monkeypatch, capsys, width, expected):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [{"a": "one", "b": "that is", "c": " ".join(["long"] * 11)}, {"a": "second", "b": "", "c": "short"}]
    write_list(rows, ["a", "b", "c"], None)
    assert capsys.readouterr().out.splitlines() == expected


def test_lists_in_a_pipe_are_no_wider_than_other_text(capsys):
    write_list([{"a": "one", "b": "long " * 60}], ["a", "b"], None)
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(("columns", "width"), [(None, 80), ("72", 72), ("30", 60), ("400", 400), ("wide", 80)])
def test_text_that_is_no_terminal_s_is_as_wide_as_columns_says(monkeypatch, columns, width):
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns:
        monkeypatch.setenv("COLUMNS", columns)

    assert terminal() == (width, False)


@pytest.mark.parametrize(
    ("name", "value", "coloured"),
    [("TERM", "xterm", True), ("TERM", "dumb", False), ("NO_COLOR", "1", False), ("NO_COLOR", "", True)],
)
def test_colour_is_for_terminals_that_have_it_and_people_who_want_it(monkeypatch, name, value, coloured):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)

    assert terminal()[1] == coloured


def test_lists_as_json(run):
    assert json.loads(run("designs", *PETERSON, "--json", "-")[1])[1] == {
        "name": "turn_first", "of": "peterson", "undoes": None, "doc": "Give the turn away before raising the flag.",
    }  # fmt: skip
    (scenario,) = json.loads(run("scenarios", *COUNTERS, "--json", "-")[1])
    assert scenario["processes"] == [{"kind": "worker", "name": "count", "runs": ["count"], "count": 1, "per": "Counter"}]


def test_show_numbers_the_steps(run):
    _, out, _ = run("show", "compete", *PETERSON)
    assert max(map(len, out.splitlines()[:3])) <= 80
    text = [line[:4].strip() + " " + line[6:] for line in out.splitlines()[1:]]

    assert [line for line in text if line[0].isdigit()] == [
        "1         raise_flag(me)",
        "2         give_turn_away(me)",
        '3         with atomic("the test and the entry"):',
        '4         with atomic("leaving"):',
    ]


def test_show_of_a_design_shows_its_text(run):
    _, out, _ = run("show", "compete", *PETERSON, "--design", "turn_first")

    assert out.index("1          give_turn_away(me)") < out.index("2          raise_flag(me)")


def test_show_lists_atomic_groups_with_their_reasons(run):
    _, out, _ = run("show", "--atomic", *PETERSON)

    assert re.findall(r"peterson\.py:\d+  compete\(\)  (.*)", out) == ["the test and the entry", "leaving"]


def test_diff_is_a_patch(run):
    _, out, _ = run("diff", "turn_first", *PETERSON)

    assert out.startswith("--- a/tests/models/peterson.py\n+++ b/tests/models/peterson.py\n@@ ")
    assert "+        give_turn_away(me)\n         raise_flag(me)\n-        give_turn_away(me)\n" in out


# -------------------------------------------------------------- replay, graph


def test_a_saved_counterexample_is_replayed(run, tmp_path):
    _, out, _ = run(*PETERSON, "--design", "turn_first", "--save", f"{tmp_path}/")
    path = tmp_path / "turn_first--mutual_exclusion.txt"
    assert f"replay: python -m checker replay {path}" in out

    status, out, err = run("replay", str(path))
    assert status == 1 and err == ""
    assert "mutual_exclusion" in out and "raise_flag(" in out


def test_replay_of_an_edited_file_says_so(run, tmp_path):
    run(*PETERSON, "--design", "turn_first", "--save", str(tmp_path / "trace.txt"))
    text = (tmp_path / "trace.txt").read_text()
    (tmp_path / "trace.txt").write_text(text.replace("| raise_flag", "| lower_flag", 1))
    status, _, err = run("replay", str(tmp_path / "trace.txt"))

    assert status == 2 and "edited" in err


@pytest.mark.parametrize("before, after, message", [
    ("start 0", "start -1", "start is no number below 0"),
    ("property mutual_exclusion", "property mutual_exclusio", ": there is no property 'mutual_exclusio'; did you mean"),
    ("design turn_first", "design turn_fist", ": there is no design 'turn_fist'; did you mean turn_first?"),
])
def test_a_file_that_names_what_is_not_there_is_named_itself(run, tmp_path, before, after, message):
    file = tmp_path / "trace.txt"
    run(*PETERSON, "--design", "turn_first", "--save", str(file))
    picture, schedule = file.read_text().split(RULER + "\n")
    lines = schedule.replace(before, after).splitlines()[:-1]
    file.write_text("\n".join([picture + RULER, *lines, "digest " + _digest(lines)]) + "\n")
    status, _, err = run("replay", str(file))

    assert status == 2 and err.startswith(f"error: {file}:") and message in err


def test_replay_on_the_repaired_design_violates_nothing(run, tmp_path):
    run(*PETERSON, "--design", "turn_first", "--save", str(tmp_path / "trace.txt"))
    status, out, _ = run("replay", str(tmp_path / "trace.txt"), "--design", "peterson")

    assert status == 0 and "do not violate" in out


def test_a_counterexample_as_itf(run, tmp_path):
    run(*PETERSON, "--design", "turn_first", "--save", str(tmp_path / "trace.itf.json"))
    trace = json.loads((tmp_path / "trace.itf.json").read_text())

    assert trace["#meta"]["format"] == "ITF" and len(trace["states"]) > 1


@pytest.mark.parametrize("suffix, expected", [(".graphml", "<graphml"), (".dot", "digraph")])
def test_the_state_graph_is_written(run, tmp_path, suffix, expected):
    path = tmp_path / ("graph" + suffix)
    status, out, _ = run("graph", str(path), *COUNTERS, "--set", "N=2")

    assert status == 0 and "16 states" in out
    assert expected in path.read_text()


# ---------------------------------------------------------------------- errors


@pytest.mark.parametrize("arguments, message", [
    (["chek"], "there is no command 'chek'; did you mean check"),
    (["--bound", "many"], "--bound"),
    (["--bound", "-1"], "--bound"),
    ([*PETERSON, "--design", "turn_fist"], "there is no design 'turn_fist'; did you mean turn_first?"),
    ([*PETERSON, "--scenario", "three"], "there is no scenario 'three'"),
    ([*PETERSON, "--property", "exclusion"], "did you mean mutual_exclusion?\n  python -m checker properties lists them"),
    ([*PETERSON, "--block-size", "0"], "--block-size"),
    ([*PETERSON, "--design", "turn_first+turn_first"], "turn_first and turn_first have the same edit"),
    ([*COMMIT, "--set", "MR=3"], "did you mean RM?"),
    ([*COMMIT, "--set", "RM=three"], "'three' is not an integer"),
    (["--model", "nowhere.py"], "there is no model file nowhere.py"),
    ([*COUNTERS, "--json", "/nowhere/result.json"], "/nowhere/"),
    (["replay", "/nowhere/trace.txt"], "/nowhere/trace.txt"),
    (["show", "competes", *PETERSON], "did you mean compete?"),
    (["show", *PETERSON], "name a function"),
    (["diff", "first", *PETERSON], "did you mean turn_first?"),
    ([*PETERSON, "--json", "/tmp"], "/tmp is a directory; name a file"),
    ([*PETERSON, "--memory-limit", "inf"], "the memory limit must be a number of GiB"),
    (["--bound", "99999999999999999999"], "the bound is a number of operations, at most 1,000,000,000"),
    ([*PETERSON, "--json", "-", "--junit", "-"], "two results cannot both go to standard output"),
    (["graph", *PETERSON, "states.png"], "states.png: a graph is written as .graphml or .dot"),
])  # fmt: skip
def test_wrong_use_is_one_message_and_status_2(run, arguments, message):
    status, out, err = run(*arguments)

    assert status == 2 and out == ""
    assert err.startswith("error: ") and message in err and "Traceback" not in err


def test_an_error_in_the_model_names_file_line_rule_and_remedy(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("m.py").write_text(WITNESSES.replace("Lamp[0].lit = True", "Lamp[0].lit = not Lamp[0].lit", 1))
    status, _, err = run("--model", "m.py")

    assert status == 2
    assert err.startswith("error: m.py:10: ") and "[two-accesses]" in err


def test_an_unforeseen_error_is_no_traceback(run, monkeypatch):
    monkeypatch.setattr("checker.source.catalogue.load", lambda model: 1 // 0)
    monkeypatch.delenv("CHECKER_TRACEBACK", raising=False)
    status, _, err = run("designs", *PETERSON)

    assert status == 2 and err.startswith("internal error: ZeroDivisionError") and "Traceback" not in err


@pytest.mark.parametrize("error, text, expected", [
    (KeyboardInterrupt, "interrupted", 3),
    (MemoryError, "out of memory", 3),
])
def test_what_stops_everything_is_said(run, monkeypatch, error, text, expected):
    def stop(model):
        raise error

    monkeypatch.setattr("checker.source.catalogue.load", stop)
    status, _, err = run("designs", *PETERSON)

    assert status == expected and text in err


def test_help_lists_the_commands(run):
    status, out, _ = run("--help")

    assert status == 0
    for command in ("check", "designs", "scenarios", "properties", "show", "diff", "replay", "graph"):
        assert re.search(rf"^  {command} ", out, re.MULTILINE)
