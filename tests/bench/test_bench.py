"""`bench`: what is read from peers, medians and ratios, taking turns, and a tiny model end to end."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from checker.base.errors import UsageError
from checker.bench import cases, own, process, rounds, spin, starts, table, tlc
from checker.bench.cases import Case, Text, chosen_cases
from checker.bench.rounds import Bench, alternate, speedup
from checker.bench.rows import Timed, BenchRow, rows_of
from checker.bench.sample import Failure, Label, Sample, same_count
from checker.cli import main
from tests.support.spin import needs_spin

MODELS = Path(__file__).parents[1] / "models"
CASE = Case("counters", MODELS / "counters.py", {"N": 2})
KEYS = {
    "model", "settings", "engine", "threads", "text", "reduced", "reductions", "runs", "states", "transitions", "seconds",
    "cpu_seconds", "system_seconds", "states_per_second", "bytes_per_state", "ratio_to_spin", "ratio_lowest", "ratio_highest",
    "cpu_ratio_to_spin", "problem",
}  # fmt: skip

PRINTED = """\
State-vector 92 byte, depth reached 2321, errors: 0
  2084486 states, stored
  5067175 states, matched
  7151661 transitions (= stored+matched)
        0 atomic steps
Stats on memory usage (in Megabytes):
  222.660	equivalent memory usage for states (stored*(State-vector + overhead))
  190.841	actual memory usage for states (compression: 85.71%)
         	state-vector as stored = 76 byte + 20 byte overhead
pan: elapsed time 2.41 seconds
"""

TLC_PRINTED = [
    (0.9, "Computing initial states...\n"),
    (1.0, "Finished computing initial states: 1 distinct state generated at 2026-01-01 00:00:00.\n"),
    (3.0, "Progress(5) at 2026-01-01 00:00:02: 1,000 states generated, 200 distinct states found, 9 states left on queue.\n"),
    (4.5, "Model checking completed. No error has been found.\n"),
    (4.6, "1146 states generated, 288 distinct states found, 0 states left on queue.\n"),
]


def sample(states: int = 10, seconds: float = 1.0, cpu: float = 1.0) -> Sample:
    return Sample(states, 20, seconds, cpu, 0.5, 8.0)


def measured(engine: str, *samples: Sample, **label: object) -> Timed:
    return Timed(Label(engine, **label), list(samples))


# ------------------------------------------------------------------- reading


def test_a_verifier_is_read() -> None:
    found = spin.parse(PRINTED, cpu_seconds=2.3, system_seconds=0.2, extra=1)

    assert found == Sample(2_084_485, 7_151_661, 2.41, 2.3, 0.2, 96.0)


def test_large_counts_are_read_as_they_are_printed() -> None:
    printed = PRINTED.replace("  7151661 transitions", "1.235584e+08 transitions")

    assert spin.parse(printed, 0.0).transitions == 123_558_400


def test_memory_of_states_that_are_stored_plainly() -> None:
    printed = PRINTED.replace("state-vector as stored", "nothing of it").replace("2084486", "1048576")

    assert spin.parse(printed, 0.0).bytes_per_state == 190.8


@pytest.mark.parametrize(
    "printed, message",
    [
        (PRINTED.replace("errors: 0", "errors: 1"), "found an error"),
        ("error: max search depth too small\n" + PRINTED, "deeper than its stack"),
        ("Warning: Search not completed\n" + PRINTED, "not completed"),
        ("pan: out of memory\n", "out of memory"),
        ("", "printed no result"),
    ],
)
def test_what_a_verifier_prints_is_no_result(printed: str, message: str) -> None:
    with pytest.raises(Failure, match=message):
        spin.parse(printed, 0.0)


def test_tlc_is_read() -> None:
    assert tlc.parse(TLC_PRINTED, 9.0) == Sample(288, 1_146, 3.5, 9.0)


def test_an_error_that_tlc_finds_is_no_result() -> None:
    with pytest.raises(Failure, match="Invariant Consistent is violated"):
        tlc.parse([*TLC_PRINTED[:3], (4.0, "Error: Invariant Consistent is violated.\n")], 0.0)


# ---------------------------------------------------------------------- rows


def test_medians_and_ratios() -> None:
    ours = measured("native", sample(seconds=1.0, cpu=0.5), sample(seconds=9.0, cpu=0.6), sample(seconds=2.0, cpu=0.7))
    theirs = measured("spin", sample(seconds=8.0, cpu=6.0), sample(seconds=9.0, cpu=6.0), sample(seconds=6.0, cpu=3.0))

    row, reference = rows_of(CASE, [ours, theirs])

    assert (row.runs, row.seconds, row.cpu_seconds, row.states_per_second) == (3, 2.0, 0.6, 5.0)
    assert (row.ratio_to_spin, row.lowest, row.highest, row.cpu_ratio) == (4.0, 1.0, 8.0, 10.0)
    assert reference.ratio_to_spin == 1.0


def test_the_fastest_text_is_the_one_to_compare_with() -> None:
    slow = measured("spin", sample(seconds=4.0), text="exported")
    fast = measured("spin", sample(seconds=2.0), text="hand-written")

    assert [row.ratio_to_spin for row in rows_of(CASE, [measured("native", sample()), slow, fast])] == [2.0, 0.5, 1.0]


def test_a_different_count_is_said_and_gives_no_ratio() -> None:
    odd = measured("spin", sample(states=11))

    rows = rows_of(CASE, [measured("native", sample()), odd])

    assert [row.problem for row in rows] == ["", "11 states, but native has 10"]
    assert [row.ratio_to_spin for row in rows] == [None, None]
    assert Bench(rows).exit_status == 1


def test_counts_that_vary_from_run_to_run_are_said() -> None:
    (row,) = rows_of(CASE, [measured("native", sample(10), sample(12))])

    assert row.problem == "the number of states varies: 10 to 12"


def test_who_reduces_is_compared_with_others_who_do() -> None:
    rows = rows_of(
        CASE,
        [
            measured("native", sample(10)),
            measured("native", sample(4), reduced=True),
            measured("native", sample(5), reduced=True, threads=2),
            measured("spin", sample(10, seconds=3.0)),
        ],
    )

    assert [row.problem for row in rows] == ["", "", "5 states, but native has 4", ""]
    assert [row.ratio_to_spin for row in rows] == [3.0, 3.0, None, 1.0]


def test_an_engine_that_takes_too_long_is_incomplete() -> None:
    late = Timed(Label("tlc"), [], Failure("too long", incomplete=True))
    rows = rows_of(CASE, [measured("native", sample()), late])

    assert Bench(rows).exit_status == 3
    assert Bench(rows_of(CASE, [Timed(Label("tlc"), [], Failure("broken"))])).exit_status == 1
    assert Bench(rows[:1]).exit_status == 0


def test_counts_of_nine_digits_agree_as_far_as_spin_prints_them() -> None:
    assert same_count(123_558_402, 123_558_400)
    assert not same_count(123_558_402, 123_559_400)
    assert not same_count(1_001, 1_000)


def test_threads_are_compared_with_one_thread() -> None:
    rows = rows_of(CASE, [measured("native", sample(seconds=3.0)), measured("native", sample(seconds=2.0), threads=2)])

    assert [(row.label.threads, times) for row, times in speedup(rows)] == [(2, 1.5)]


def test_rows_for_programs() -> None:
    row = rows_of(CASE, [measured("native", sample())])[0].as_json()

    assert set(row) == KEYS
    assert (row["model"], row["settings"], row["threads"], row["problem"]) == ("counters", {"N": 2}, 1, None)


# --------------------------------------------------------------------- turns


class Counted:
    """A contender that writes down when it is run, and may fail in one round."""

    def __init__(self, name: str, log: list[str], fails_in: int = 0) -> None:
        self.label, self.log, self.fails_in = Label(name), log, fails_in

    def run(self) -> Sample:
        self.log.append(self.label.engine)
        if self.log.count(self.label.engine) == self.fails_in:
            raise Failure("out of order")
        return sample()


def test_contenders_take_turns() -> None:
    log: list[str] = []

    found = alternate([Counted("a", log), Counted("b", log)], 3, lambda text: None)

    assert log == ["a", "b", "a", "b", "a", "b"]
    assert [len(one.samples) for one in found] == [3, 3]


def test_who_fails_is_left_out_of_later_rounds() -> None:
    log: list[str] = []

    found = alternate([Counted("a", log), Counted("b", log, fails_in=2)], 4, lambda text: None)

    assert log == ["a", "b", "a", "b", "a", "a"]
    assert str(found[1].failure) == "out of order"
    assert rows_of(CASE, found)[1].problem == "out of order"


# ---------------------------------------------------------------- what is run


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path: Path) -> None:
    script = "sleep 60 & echo $! > child; sleep 60"

    with pytest.raises(Failure, match="sh took more than 0.3 s") as caught:
        process.run(["sh", "-c", script], tmp_path, timeout=0.3)

    assert caught.value.incomplete
    assert _ends(int((tmp_path / "child").read_text()))


def _ends(number: int) -> bool:
    """Does the process of this number end soon (or wait only to be collected)?"""
    for _ in range(100):
        try:
            state = Path(f"/proc/{number}/stat").read_text().split()[2]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_processor_time_is_that_of_the_program(tmp_path: Path) -> None:
    ran = process.run([sys.executable, "-c", "print(sum(range(3_000_000)))"], tmp_path, timeout=60)

    assert ran.output == "4499998500000\n"
    assert ran.cpu_seconds > 0


def test_a_program_that_is_not_there_or_fails(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="no-such-program"):
        process.run(["no-such-program"], tmp_path, 1.0)
    with pytest.raises(Failure, match="what is wrong"):
        process.must_run(["sh", "-c", "echo what is wrong; exit 3"], tmp_path, 10.0)
    with pytest.raises(Failure, match="ended by SIGTERM"):
        process.run(["sh", "-c", "kill $$"], tmp_path, 10.0)


def test_nothing_is_left_after_an_interrupt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(rounds, "own_start", interrupted)

    with pytest.raises(KeyboardInterrupt):
        rounds.run_bench([CASE], rounds.Wanted(1, 1, 10.0), lambda text: None)

    assert not list(tmp_path.iterdir())


# --------------------------------------------------------------------- cases


def test_the_default_cases() -> None:
    assert [case.name for case in chosen_cases([], [], [])] == [
        "two_phase_commit RM=8",
        "writeback_core F=2 W=1 WOPS=2 FLOPS=1 FSOPS=1 TROPS=1",
        "writeback_core F=2 W=1 WOPS=2 FLOPS=2 FSOPS=1 TROPS=1",
    ]


def test_settings_are_of_one_model() -> None:
    (case,) = chosen_cases(["two_phase_commit"], ["RM=5"], [])

    assert (case.settings, case.flags) == ({"RM": 5}, ("-O3", "-DSAFETY"))
    with pytest.raises(UsageError, match="--model"):
        chosen_cases([], ["RM=5"], [])


def test_a_file_is_a_model(tmp_path: Path) -> None:
    (case,) = chosen_cases([str(MODELS / "counters.py")], [], [])
    (known,) = chosen_cases([str(MODELS / "two_phase_commit.py")], [], [])

    assert (case.model, case.texts) == ("counters", (Text("exported"),))
    assert known.settings == {"RM": 8}
    with pytest.raises(UsageError, match="two_phase_commit"):
        chosen_cases([str(tmp_path / "no.py")], [], [])


def test_texts_are_added(tmp_path: Path) -> None:
    file = tmp_path / "other.pml"
    file.write_text("")

    (case,) = chosen_cases(["two_phase_commit"], [], [f"two_phase_commit={file},N=8"])

    assert [text.name for text in case.texts] == ["hand-written", "other.pml"]
    assert case.texts[1].defines == {"N": 8}


@pytest.mark.parametrize("option", ["two_phase_commit", "two_phase_commit=no.pml", "counters=__FILE__", "two_phase_commit=__FILE__,N"])
def test_what_cannot_be_added(option: str) -> None:
    with pytest.raises(UsageError):
        chosen_cases(["two_phase_commit"], [], [option.replace("__FILE__", __file__)])


def test_models_that_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cases, "PROJECT", tmp_path)
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError, match="--model two_phase_commit.py"):
        chosen_cases([], [], [])


# ---------------------------------------------------------------- end to end


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own compile cache, and no cold start: that takes half a minute."""
    path = {"PYTHONPATH": str(cases.PROJECT)}
    monkeypatch.setattr(own, "environment", lambda caches: path)
    monkeypatch.setattr(starts, "environment", lambda caches: path)


@pytest.fixture
def run(quick: None, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def runner(*arguments: str) -> tuple[int, str, str]:
        status = main(["bench", "--runs", "2", "--model", "two_phase_commit", "--set", "RM=3", *arguments])
        return status, *capsys.readouterr()

    return runner


@needs_spin
def test_a_tiny_model(run: Callable[..., tuple[int, str, str]]) -> None:
    status, out, err = run("--threads", "2", "--json", "-")
    found = json.loads(out)

    assert (status, err) == (0, "")
    assert all(set(row) == KEYS for row in found["rows"])
    plain = [row for row in found["rows"] if not row["reduced"]]
    assert [(row["engine"], row["threads"], row["states"], row["runs"]) for row in plain] == [
        ("native", 1, 288, 2),
        ("spin", 1, 288, 2),
        ("native", 2, 288, 2),
    ]
    assert {(start["engine"], start["problem"]) for start in found["starts"]} == {("native", None), ("spin", None)}


@needs_spin
def test_the_table_says_where_counts_differ(run: Callable[..., tuple[int, str, str]]) -> None:
    text = f"two_phase_commit={cases.TEXTS / 'two_phase_commit.pml'},RM=4"

    status, out, _ = run("--threads", "1", "--promela", text)

    assert status == 1
    assert "two_phase_commit RM=3\n" in out
    assert "1,568 states, but native has 288" in out


def test_without_spin_the_engine_is_measured_alone(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spin, "installed", lambda: False)

    status, out, _ = run("--threads", "1")

    assert status == 0
    assert "Note: SPIN is not measured: it needs spin and gcc" in out


def test_tlc_takes_part(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a program in place of Java that prints what TLC prints."""
    java, jar = tmp_path / "java", tmp_path / "tla2tools.jar"
    lines = "".join(text for _, text in TLC_PRINTED)
    java.write_text(f"#!/bin/sh\ntest -s Model.tla && test -s Model.cfg && cat <<'END'\n{lines}END\n")
    java.chmod(0o755)
    jar.write_text("")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(spin, "installed", lambda: False)

    status, out, _ = run("--threads", "1", "--tlc", str(jar), "--json", "-")

    assert status == 0
    assert [(row["engine"], row["states"]) for row in json.loads(out)["rows"] if not row["reduced"]] == [
        ("native", 288),
        ("tlc", 288),
    ]


def test_a_jar_that_is_not_there(run: Callable[..., tuple[int, str, str]]) -> None:
    assert run("--tlc", "no.jar") == (2, "", "error: --tlc: there is no file no.jar\n")


@needs_spin
@pytest.mark.parametrize("managers, states, generated", [(3, 288, 1_146), (5, 8_832, 58_146)])
def test_our_own_text_has_the_known_counts(managers: int, states: int, generated: int, tmp_path: Path) -> None:
    text = (cases.TEXTS / "two_phase_commit.pml").read_text()

    found = spin.Spin("own", text, {"RM": managers}, ("-O0", "-DSAFETY"), tmp_path / "spin", 60.0).run()

    assert (found.states, found.transitions) == (states, generated)


@pytest.mark.parametrize("terminal", [False, True])
def test_the_table_fits_what_it_is_written_to(terminal: bool) -> None:
    rows = rows_of(CASE, [measured("native", sample()), measured("spin", sample(seconds=2.0), text="exported")])
    begun = [starts.Start(CASE, "native", 9.0, 8.0, 2.0, 1.0), starts.Start(CASE, "spin", problem="broken")]
    found = Bench(rows, begun, ["one word"], load=9.0, processors=2)

    text = table.text(found, terminal, 110)

    assert ("\x1b[" in text) == terminal
    for part in ("counters N=2", "spin, exported", "2.00", "spin did not start: broken", "Note: one word.", "busy"):
        assert part in text


def test_a_row_without_numbers() -> None:
    assert "broken" in table.text(Bench([BenchRow(CASE, Label("tlc"), 0, problem="broken")]), False)
