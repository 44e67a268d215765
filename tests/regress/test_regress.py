"""The table of expected verdicts: read, compared, rewritten."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.cli import main
from checker.lang import Baseline
from checker.regress.record import opened
from checker.search import policy
from checker.source.catalogue import load as catalogue_of_the_model
from checker.table import findings
from checker.table.rows import Outcome, differences, load, read, rewrite
from checker.trace.file import read as stored

ROOT = Path(__file__).resolve().parents[2]
PETERSON = f'model = "{ROOT / "tests" / "models" / "peterson.py"}"\n'
HOLDS = '[[row]]\ndesign = "peterson"\nscenario = "two"\n'


@pytest.fixture
def run(capsys):
    def runner(*arguments: str) -> tuple[int, str, str]:
        status = main(["regress", "--processes", "1", *arguments])
        return status, *capsys.readouterr()

    return runner


@pytest.fixture
def table(tmp_path):
    """Write a table; its path."""

    def write(text: str) -> str:
        path = tmp_path / "table.toml"
        path.write_text(PETERSON + text)
        return str(path)

    return write


# -------------------------------------------------------------------- the table


def test_the_own_table_is_read():
    rows = load()

    assert len({row.key for row in rows}) == len(rows) > 20
    assert all(row.expected.verdict and row.expected.states for row in rows)


@pytest.mark.parametrize(
    "text, message",
    [
        ("[[row]]\ndesign = 3\n", "is not of the right kind"),
        ('[[row]]\ndesign = "d"\n', "has no 'scenario'"),
        (HOLDS + "colour = 1\n", "has no 'colour'"),
        (HOLDS + 'verdict = "fine"\n', "a verdict is"),
        (HOLDS + 'verdict = "violated"\n', "if and only if"),
        (HOLDS + HOLDS, "again"),
        (HOLDS + "bound = -1\n", "is not of the right kind"),
        ("row = 3\n", "as [[row]]"),
        ("[[row\n", "table.toml"),
        ("[other]\n", "nothing but"),
    ],
)
def test_what_is_not_right_is_said(table, text, message):
    with pytest.raises(UsageError) as error:
        load([table(text)])
    assert message in str(error.value) and "table.toml" in str(error.value)


def test_what_differs_is_said_in_words():
    one = Outcome("violated", "p", 10, 100)

    assert differences(one, one) == []
    assert differences(one, Outcome("violated", "q", 9, 100)) == [
        "property: expected p, found q",
        "steps: expected 10, found 9",
    ]
    assert differences(one, Outcome("holds", "", None, 200)) == [
        "verdict: expected violated, found holds",
        "states: expected 100, found 200",
    ]


def test_rewriting_leaves_all_else_as_it_is(table):
    path = table(f'# about the first\n{HOLDS}states = 1  # so few\n\n# about the second\n{HOLDS}bound = 2\nproperties = [\n  "a",\n]\n')
    rewrite(path, {0: {"states": None, "verdict": "holds"}, 1: {"states": 5, "quick": True}})

    text = Path(path).read_text().removeprefix(PETERSON)
    assert text == (
        f'# about the first\n{HOLDS}verdict = "holds"\n\n# about the second\n'
        f'{HOLDS}bound = 2\nstates = 5\nquick = true\nproperties = [\n  "a",\n]\n'
    )
    assert [row.expected.states for row in read(Path(path))] == [None, 5]


# ------------------------------------------------------------------ running it


def test_a_row_is_measured_then_as_expected(run, table):
    path = table(HOLDS + '[[row]]\ndesign = "turn_first"\nscenario = "two"\n')

    status, out, _ = run("--table", path)
    assert status == 1 and "not measured yet" in out
    assert run("--table", path, "--update")[0] == 0
    holds, violated = load([path])
    assert holds.expected.verdict == "holds" and violated.expected.property == "mutual_exclusion"
    status, out, _ = run("--table", path)
    assert status == 0 and out.splitlines()[-1].startswith("2 rows: 2 as expected;")


TWO = 'verdict = "{}"\nstates = 3\n{}[[row]]\ndesign = "turn_first"\nscenario = "two"\nverdict = "violated"\nproperty = "{}"\nstates = 1\n'


@pytest.mark.parametrize("reduced", [False, True])
def test_the_other_way_compares_verdicts_and_no_numbers(run, table, monkeypatch, reduced):
    asked = []
    real = policy.SearchOptions.explore
    monkeypatch.setattr(policy.SearchOptions, "explore", lambda self: asked.append((self.at_once, bool(self.reductions))) or real(self))
    path = table(HOLDS + TWO.format("holds", "reduced = true\n" if reduced else "", "mutual_exclusion"))

    status, out, _ = run("--table", path, "--other-way")

    assert (status, set(asked)) == (0, {(True, True), (True, not reduced)})
    assert out.splitlines()[-1].startswith("2 rows: 2 as expected;")


def test_the_other_way_tells_another_verdict_and_another_property(run, table):
    path = table(HOLDS + TWO.format("violated", 'property = "mutual_exclusion"\n', "deadlock"))

    status, out, _ = run("--table", path, "--other-way")

    assert status == 1
    assert "verdict: expected violated, found holds" in out
    assert "property: expected deadlock, found mutual_exclusion" in out


FIRST_AND_LATER = '''
from checker.lang import Flag, Struct, baseline, bug_on, invariant, process, scenario


class Box(Struct):
    """A box."""

    full = Flag("full")
    open = Flag("open")


def fill():
    """Full, then open."""
    Box[0].full = True
    Box[0].open = True


def look():
    """It should be empty."""
    bug_on(Box[0].full)


@invariant
def shut():
    """The box stays shut."""
    return not Box[0].open


base = baseline("As it is.")
run = scenario("A box.", process("fill", fill), process("look", look), of=base)
'''


def test_the_other_way_looks_behind_what_is_always_on(run, table, tmp_path):
    """A `bug_on` comes first, with whatever property; behind it the expected one is violated, too."""
    (tmp_path / "box.py").write_text(FIRST_AND_LATER)
    rows = '[[row]]\ndesign = "base"\nscenario = "run"\nverdict = "violated"\nproperty = "{}"\nsteps = 2\nstates = 3\n'
    path = Path(table(""))

    def judged(property: str) -> int:
        path.write_text(f'model = "{tmp_path / "box.py"}"\n' + rows.format(property))
        return run("--table", str(path), "--other-way")[0]

    assert [judged("shut"), judged("bug_on"), judged("deadlock")] == [0, 0, 1]


def test_what_is_too_large_for_the_other_way_is_said(run, table):
    status, out, _ = run("--table", table(HOLDS + 'verdict = "holds"\nstates = 3\n'), "--other-way", "--time-limit", "0.000001")

    assert status == 3
    assert "1 row: 1 too large;" in out and out.startswith("large ")


def test_a_record_is_gone_on_with(run, table, tmp_path):
    """What is there as expected is not judged again; what was too large, or differed, is."""
    path, record = table(HOLDS + TWO.format("holds", "", "deadlock")), tmp_path / "record.toml"
    arguments = ("--table", path, "--other-way", "--record", str(record))

    assert run(*arguments, "--time-limit", "0.000001")[0] == 3
    assert record.read_text().count('"too large: stopped by the limit on time"') == 2
    status, out, _ = run(*arguments)
    assert status == 1 and out.splitlines()[-1].startswith("2 rows: 1 as expected, 1 differ;")
    assert 'peterson  two" = "as expected: holds, ' in record.read_text()
    status, out, _ = run(*arguments)
    assert status == 1 and out.splitlines()[-1].startswith("1 row: 1 differ;")


def test_a_record_of_mutants_says_by_what_they_are_killed(tmp_path):
    record = opened(str(tmp_path / "record.toml"))
    record.enter_mutant("mutant one", "guard", "guard")
    record.enter_mutant("mutant two", "deadlock", "guard")
    record.enter_mutant("mutant three", "", "guard")

    again = opened(str(tmp_path / "record.toml"))

    assert again.said["mutant one"] == "as expected: killed by guard"
    assert again.said["mutant two"] == "as expected: killed by deadlock, where guard was found first"
    assert again.said["mutant three"] == "differ: survives, was killed by guard"
    assert [again.lacks(f"mutant {name}") for name in ("one", "two", "three", "four")] == [False, False, True, True]


@pytest.mark.parametrize("text", ["[m\n", "row = 1\n"])
def test_a_record_that_is_none_is_refused(run, tmp_path, text):
    (tmp_path / "record.toml").write_text(text)

    assert run("--other-way", "--record", str(tmp_path / "record.toml"))[0] == 2


@pytest.mark.parametrize("arguments", [("--record", "r"), ("--mutants-alone",), ("--other-way", "--mutants-alone", "--bound", "1")])
def test_options_of_the_other_way_stand_with_it(run, arguments):
    assert run(*arguments)[0] == 2


def test_the_other_way_enters_nothing(run):
    assert run("--other-way", "--update")[0] == 2


def test_a_difference_is_reported_and_not_written(run, table):
    path = table(HOLDS + 'verdict = "violated"\nproperty = "mutual_exclusion"\nstates = 3\n')
    before = Path(path).read_text()

    status, out, _ = run("--table", path)
    assert status == 1 and "verdict: expected violated, found holds" in out and "states: expected 3" in out
    assert Path(path).read_text() == before


def test_a_changed_verdict_is_entered_only_if_asked_by_name(run, table):
    path = table(HOLDS + 'verdict = "violated"\nproperty = "mutual_exclusion"\nsteps = 3\n')
    before = Path(path).read_text()

    status, out, _ = run("--table", path, "--update")
    assert status == 1 and Path(path).read_text() == before
    assert "not entered: peterson  two" in out and "mutual_exclusion in 3 steps" in out and "found holds" in out
    assert "--update-verdicts" in out and out.splitlines()[-1] == "0 rows entered into the table"

    status, out, _ = run("--table", path, "--update-verdicts")
    assert status == 0 and "\nentered: peterson  two" in out
    assert load([path])[0].expected.property == ""


def test_a_changed_property_is_a_changed_verdict(run, table):
    path = table('[[row]]\ndesign = "turn_first"\nscenario = "two"\nverdict = "violated"\nproperty = "deadlock"\n')

    status, out, _ = run("--table", path, "--update")
    assert status == 1 and "not entered: turn_first" in out and load([path])[0].expected.property == "deadlock"


def test_changed_numbers_are_entered(run, table):
    path = table(HOLDS + 'verdict = "holds"\nstates = 3\n')

    status, out, _ = run("--table", path, "--update")
    assert status == 0 and "entered:" not in out and load([path])[0].expected.states == 20


def test_a_finding_is_as_expected_unless_that_is_not_enough(run, table):
    path = table('[[row]]\ndesign = "turn_first"\nscenario = "two"\nfinding = "known_one"\n')
    run("--table", path, "--update")

    status, out, _ = run("--table", path)
    assert status == 0 and "violated (known finding: known_one)" in out
    assert run("--table", path, "--strict")[0] == 1


def test_each_row_is_told_as_it_ends_and_so_is_what_was_not_done(run, table, monkeypatch):
    from checker.regress import run as running

    names = ("peterson", "turn_first", "gone")
    path = table("".join(f'[[row]]\ndesign = "{name}"\nscenario = "two"\nverdict = "holds"\nstates = 20\n' for name in names))
    real, told = running.measure, []

    def measure(job):
        if len(told) == 2:
            raise KeyboardInterrupt
        told.append(job)
        return real(job)

    monkeypatch.setattr(running, "measure", measure)
    status, out, err = run("--table", path, "--processes", "1")

    assert status == 3 and err.strip() == "error: interrupted"
    assert [line.split()[:2] for line in out.splitlines() if " two " in line] == [["ok", "peterson"], ["differs", "turn_first"]]
    assert out.splitlines()[-1].startswith("stopped: 2 rows: ") and "1 of 3 rows were not checked to their end" in out


def test_a_row_that_cannot_be_checked_is_a_difference(run, table):
    path = table('[[row]]\ndesign = "gone"\nscenario = "two"\nverdict = "holds"\n')

    status, out, _ = run("--table", path, "--json", "-")
    (row,) = json.loads(out)["rows"]
    assert status == 1 and row["status"] == "differs" and "there is no design 'gone'" in row["differences"][0]


def test_two_processes_find_the_same(run, table, capsys):
    path = table(HOLDS + '[[row]]\ndesign = "turn_first"\nscenario = "two"\n')
    run("--table", path, "--update")

    assert main(["regress", "--processes", "2", "--table", path]) == 0
    assert "in 2 processes" in capsys.readouterr().out


def test_no_row_is_an_error(run, table):
    assert run("--table", table(HOLDS), "--design", "other")[0] == 2
    assert run("--table", "nowhere.toml")[0] == 2


# ----------------------------------------------------------------- findings


def test_every_finding_is_told_and_its_repair_holds():
    """Each has a row that is violated and a counterexample; the repair holds in the same scenario and bound."""
    rows, catalogue = load(), catalogue_of_the_model()
    told = findings.load()
    assert {row.finding for row in rows if row.finding} == set(told)
    for row in (row for row in rows if row.finding):
        assert isinstance(catalogue.design(row.design), Baseline), "a finding is about the kernel as it is"
        assert row.expected.verdict == "violated"
        files = (ROOT / "counterexamples").rglob(f"{row.design}--{row.expected.property}.txt")
        assert (row.scenario, dict(row.settings)) in [(f.scenario, dict(f.settings)) for f in (stored(f).facts for f in files)], row.finding
        where = (row.scenario, row.bound, row.settings)  # which may have another finding, too: then both are repaired
        repaired = [
            r for r in rows if told[row.finding].repair in r.design.split("+") and (r.scenario, r.bound, r.settings) == where
        ]
        assert "holds" in [r.expected.verdict for r in repaired], row.finding
        assert "6.13" in told[row.finding].versions


WHOLE = 'versions = "6.13"\norder = "A before B."\nrepair = "r"\nknown = "To nobody."\n'


@pytest.mark.parametrize("line", WHOLE.splitlines())
def test_a_finding_that_says_too_little_is_refused(tmp_path, line):
    path, key = tmp_path / "findings.toml", line.split()[0]

    path.write_text("[one]\n" + WHOLE)
    assert findings.load(path)["one"].order == "A before B."
    for text in (WHOLE.replace(line + "\n", ""), WHOLE.replace(line, f'{key} = " "')):
        path.write_text("[one]\n" + text)
        with pytest.raises(UsageError, match="one: a finding has"):
            findings.load(path)


# --------------------------------------------------------------- for programs

FINDING = '[[row]]\ndesign = "turn_first"\nscenario = "two"\nfinding = "known_one"\n'
WRONG = HOLDS + 'verdict = "violated"\nproperty = "mutual_exclusion"\n'


def test_junit_has_a_test_case_for_each_row(run, table, tmp_path):
    path = table(FINDING + WRONG)
    run("--table", path, "--design", "turn_first", "--update")
    run("--table", path, "--strict", "--junit", str(tmp_path / "out.xml"))

    cases = ElementTree.parse(tmp_path / "out.xml").getroot().findall(".//testcase")
    assert [case.get("classname") for case in cases] == ["turn_first", "peterson"]
    assert all(case.find("failure") is not None for case in cases)


def test_sarif_has_a_thread_flow_for_each_thread(run, table, tmp_path):
    path = table(FINDING + WRONG)
    run("--table", path, "--design", "turn_first", "--update")
    run("--table", path, "--sarif", str(tmp_path / "out.sarif"))

    log = json.loads((tmp_path / "out.sarif").read_text())
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    driver, (found, wrong) = log["runs"][0]["tool"]["driver"], log["runs"][0]["results"]
    for result in (found, wrong):
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"] and result["locations"][0]["physicalLocation"]["region"]["startLine"] > 0
    assert (found["level"], found["ruleId"], wrong["level"]) == ("warning", "mutual_exclusion", "error")
    assert "codeFlows" not in wrong and wrong["ruleId"] == "verdict"

    (flow,) = found["codeFlows"]
    assert len(flow["threadFlows"]) == 2 and all(one["locations"] for one in flow["threadFlows"])
    steps = sorted((s for one in flow["threadFlows"] for s in one["locations"]), key=lambda s: s["executionOrder"])
    assert [s["executionOrder"] for s in steps] == list(range(1, len(steps) + 1))
    for step in steps:
        place = step["location"]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith("peterson.py") and place["region"]["startLine"] > 0
        assert step["location"]["message"]["text"] and step["nestingLevel"] >= 0


SARIF = {  # object of SARIF 2.1.0: what it must have, and what it may have, by the schema; the kind of what is in it
    "log": ({"version", "runs"}, {"$schema"}, {"runs": "run"}),
    "run": ({"tool"}, {"columnKind", "results"}, {"tool": "tool", "results": "result"}),
    "tool": ({"driver"}, set(), {"driver": "driver"}),
    "driver": ({"name"}, {"rules", "version"}, {"rules": "rule"}),
    "rule": ({"id"}, {"shortDescription"}, {"shortDescription": "message"}),
    "result": (
        {"message"}, {"ruleId", "ruleIndex", "kind", "level", "locations", "partialFingerprints", "codeFlows"},
        {"message": "message", "locations": "location", "codeFlows": "flow"},
    ),
    "message": ({"text"}, set(), {}),
    "location": ({"physicalLocation"}, {"message"}, {"physicalLocation": "place", "message": "message"}),
    "place": ({"artifactLocation"}, {"region"}, {"artifactLocation": "artifact", "region": "region"}),
    "artifact": ({"uri"}, set(), {}),
    "region": ({"startLine"}, set(), {}),
    "flow": ({"threadFlows"}, {"message"}, {"threadFlows": "thread", "message": "message"}),
    "thread": ({"locations"}, {"id", "message"}, {"locations": "step", "message": "message"}),
    "step": ({"location"}, {"executionOrder", "nestingLevel"}, {"location": "location"}),
}  # fmt: skip
WORDS = {"kind": ["fail"], "level": ["warning", "error"], "version": ["2.1.0"], "columnKind": ["unicodeCodePoints"]}


def fits_sarif(value: dict, kind: str) -> None:
    """Is it what the schema asks of such an object?"""
    must, may, inside = SARIF[kind]
    assert must <= set(value) <= must | may, (kind, value)
    for name, one in value.items():
        assert kind == "driver" or name not in WORDS or one in WORDS[name], (name, one)
        for part in one if isinstance(one, list) else [one]:
            if name in inside:
                fits_sarif(part, inside[name])
            elif name in ("startLine", "executionOrder", "nestingLevel", "ruleIndex"):
                assert isinstance(part, int) and part >= (name == "startLine"), (name, part)
            elif name in ("uri", "text", "id", "ruleId", "name"):
                assert isinstance(part, str) and part, name


def test_sarif_is_what_its_schema_asks_for(run, table, tmp_path):
    path = table(FINDING + WRONG)
    run("--table", path, "--design", "turn_first", "--update")
    run("--table", path, "--sarif", str(tmp_path / "out.sarif"))
    fits_sarif(json.loads((tmp_path / "out.sarif").read_text()), "log")


def test_a_wrong_row_of_the_own_table_is_exit_status_1(run, tmp_path):
    """A table of one row of the kernel's model, as it is and with another number, verdict or property."""
    row = next(r for r in load() if r.design == "split_keeps_no_marks")
    lines = Path(row.file).read_text().splitlines()[row.line - 1 : row.line + 8]
    right = "\n".join(line for line in lines if line.strip()) + "\n"
    (tmp_path / "t.toml").write_text(right)
    assert run("--table", str(tmp_path / "t.toml"))[0] == 0

    expected = row.expected
    for old, new in (
        (f"steps = {expected.steps}", f"steps = {expected.steps + 1}"),
        (f"states = {expected.states}", f"states = {expected.states - 1}"),
        (f'"{expected.property}"', '"deadlock"'),
        (f'verdict = "violated"\nproperty = "{expected.property}"\n', 'verdict = "holds"\n'),
    ):
        assert old in right
        (tmp_path / "t.toml").write_text(right.replace(old, new))
        assert run("--table", str(tmp_path / "t.toml"))[0] == 1, new


# ------------------------------------------------------------------- one check


def test_a_check_names_the_finding_that_it_comes_upon(capsys):
    finding = ["--design", "nfs", "--scenario", "nfs_low_memory"]

    assert main([*finding, "--quiet"]) == 1
    assert "known finding: nfs_release_folio_waits" in capsys.readouterr().out
    assert main([*finding, "--no-z3", "--accept-findings"]) == 0
    assert "nfs_release_does_not_wait repairs it" in " ".join(capsys.readouterr().out.split())
    assert main([*finding, "--no-z3", "--json", "-", "--accept-findings"]) == 0
    assert json.loads(capsys.readouterr().out)["finding"] == "nfs_release_folio_waits"


def test_what_is_no_finding_is_not_accepted(capsys):
    assert main(["--design", "nfs_trusts_writes", "--bound", "2", "--quiet", "--accept-findings"]) == 1
    assert "finding" not in capsys.readouterr().out
