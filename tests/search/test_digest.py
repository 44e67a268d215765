"""The digest of the reachable states: the same from every engine, and other if a state is missing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from checker.cli import main
from checker.ir.interpreter import Interpreter
from checker.search.digest import KEYS, digest, lane, mixed
from checker.verdict import recount as verify
from checker.verdict.api import check, prepare

MODELS = Path(__file__).parents[1] / "models"
SMALL = [("peterson.py", None), ("dining_philosophers.py", None), ("counters.py", None)]


def states_of(program) -> list[tuple[int, ...]]:
    judge = Interpreter(program)
    found = dict.fromkeys(judge.initial_states())
    ahead = list(found)
    while ahead:
        for step in judge.steps(ahead.pop()):
            if step.after is not None and step.after not in found:
                found[step.after] = None
                ahead.append(step.after)
    return list(found)


@pytest.mark.parametrize("engine", ["native", "interpret"])
@pytest.mark.parametrize("model, design", SMALL)
def test_engines_and_the_second_look_agree(model, design, engine):
    result = check(MODELS / model, design, engine=engine, digest=True, stop=False)
    levels, found = verify.recounted(prepare(MODELS / model, design).program)

    assert (list(result.levels), result.digest) == (levels, found) and len(found) == 32
    assert verify.differences(result.as_json(), prepare(MODELS / model, design).program) == []


@pytest.mark.parametrize("scenario, bound", [("append_flush", 2), ("two_folios", 1)])
def test_the_kernel_model_too(scenario, bound):
    """Here states are folded, and locals are dead at some labels."""
    result = check(None, "iomap", scenario, bound, digest=True)
    assert verify.differences(result.as_json(), prepare(None, "iomap", scenario, bound).program) == []


def test_threads_make_no_difference():
    one, two = (check(None, "iomap", "append_flush", 3, digest=True, threads=n).digest for n in (1, 2))
    assert one == two != ""


def test_a_missing_or_another_state_changes_it():
    states = states_of(prepare(MODELS / "peterson.py").program)
    whole = digest(states)

    assert digest(reversed(states)) == whole
    assert len({digest([*states[:n], *states[n + 1 :]]) for n in range(len(states))} | {whole}) == len(states) + 1
    for slot in range(len(states[0])):
        other = (*states[3][:slot], states[3][slot] + 1, *states[3][slot + 1 :])
        assert digest([*states[:3], other, *states[4:]]) != whole


def test_the_formula():
    numbers = np.array([0, 1, (1 << 64) - 1, KEYS[0]], np.uint64).tolist()
    assert len({mixed(n) for n in numbers}) == 4 and all(0 <= mixed(n) < 1 << 64 for n in numbers)
    assert digest([(1, 2)]) == "".join(f"{lane((1, 2), key):016x}" for key in KEYS)
    assert mixed(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF  # the first number of splitmix64 from seed 0


def test_verify_from_the_shell(tmp_path, capsys):
    model = ["--model", str(MODELS / "peterson.py")]
    path = tmp_path / "result.json"
    assert main([*model, "--digest", "--quiet", "--json", str(path)]) == 0
    assert main(["verify", str(path), *model]) == 0
    assert "the same 20 states" in capsys.readouterr().out

    told = json.loads(path.read_text())
    path.write_text(json.dumps(told | {"levels": told["levels"][:-1], "states": 19, "digest": "0" * 32}))
    assert main(["verify", str(path), *model]) == 1
    out = capsys.readouterr().out
    assert "levels differ from depth" in out and "the file says 19, there are 20" in out and "digest: the file" in out


@pytest.mark.parametrize(
    "choice",
    [
        ("--model", str(MODELS / "counters.py"), "--set", "N=2", "--set", "K=4"),
        ("--scenario", "append_flush", "--bound", "1", "--design", "no_io_size_clamp+cyclic_wrap"),
    ],
)
def test_the_file_says_what_was_checked(tmp_path, capsys, choice):
    path = str(tmp_path / "result.json")
    assert main([*choice, "--digest", "--quiet", "--json", path]) == 0
    assert main(["verify", path]) == 0
    assert "the same" in capsys.readouterr().out


@pytest.mark.parametrize("change", [{"bound": "x"}, {"levels": None}, {"settings": [1]}, {"states": "20"}])
def test_a_result_that_was_damaged_is_none(tmp_path, capsys, change):
    path = tmp_path / "result.json"
    assert main(["--model", str(MODELS / "peterson.py"), "--digest", "--quiet", "--json", str(path)]) == 0
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    assert main(["verify", str(path)]) == 2
    assert capsys.readouterr().err == f"error: {path} is no result of a check, or one of another version\n"


def test_without_a_digest_there_is_nothing_to_verify(tmp_path, capsys):
    model = ["--model", str(MODELS / "peterson.py")]
    assert main([*model, "--quiet", "--json", str(tmp_path / "r.json")]) == 0
    assert main(["verify", str(tmp_path / "r.json"), *model]) == 2
    assert main(["verify", str(tmp_path / "none.json"), *model]) == 2
    (tmp_path / "r.json").write_text("[]")
    assert main(["verify", str(tmp_path / "r.json"), *model]) == 2
