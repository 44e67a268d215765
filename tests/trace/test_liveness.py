"""leads_to: small programs whose answer is known, with and without fairness."""

from __future__ import annotations

import pytest

from checker.cli import main
from checker.ir.program import Binary, Expr, Goto, If, Instance, Instantiation, Program, Property, Unary, int_type
from checker.picture.report import counterexample
from checker.trace.file import read as read_file
from checker.trace.file import write
from checker.trace.temporal import check_leads_to, judge_lasso
from tests.support.operators import assign, binary, block, lock_program, process, program, read, rest, variable


def leads_to(p: Expr, q: Expr, *fair: str) -> Property:
    return Property("progress", "leads_to", "It goes on.", (Instantiation((), p),), (q,), fair)


def with_property(model: Program, prop: Property) -> Program:
    return program(model.name, list(model.variables), list(model.processes), prop)


def is_(var: str, value: int, index: Expr | int = 0) -> Binary:
    return binary("==", read(var, index), value)


def ticking() -> Program:
    """tick sets done once; spin turns x over and over; late needs x = 0 at the moment of its step."""
    x, done, late = variable("x"), variable("done"), variable("late")
    spin = process("spin", block(0, assign("x", Unary("not", read("x"))), Goto(0), call="turn"), rests=())
    tick = process("tick", block(0, assign("done", 1), Goto(1), call="finish"), rest(1))
    wait = process("late", block(0, assign("late", 1), Goto(1), guard=is_("x", 0), call="catch"), rest(1))
    return program("ticking", [x, done, late], [spin, tick, wait])


def peterson() -> Program:
    """Two processes that enter again and again; `wants`, `turn` and `inside` as in the textbook."""
    other = binary("-", 1, Instance())
    free = binary("or", is_("wants", 0, other), Binary("==", read("turn"), Instance()))
    compete = process(
        "compete",
        block(0, assign("wants", 1, Instance()), Goto(1), call="raise_flag"),
        block(1, assign("turn", other), Goto(2), call="give_turn_away"),
        block(2, assign("inside", 1, Instance()), Goto(3), guard=free, call="enter"),
        block(3, assign("inside", 0, Instance()), assign("wants", 0, Instance()), Goto(0), call="leave"),
        instances=2,
        rests=(),
    )
    return program(
        "peterson", [variable("wants", count=2), variable("inside", count=2), variable("turn")], [compete]
    )


def test_a_step_of_a_fair_process_comes() -> None:
    model = ticking()

    fair = check_leads_to(model, leads_to(is_("done", 0), is_("done", 1), "tick"))
    unfair = check_leads_to(model, leads_to(is_("done", 0), is_("done", 1), "spin"))

    assert fair.verdict == "holds"
    assert fair.states == 8
    assert unfair.verdict == "violated"
    assert [unfair.trace.call(i) for i in range(len(unfair.trace.steps))] == ["turn", "turn"]
    assert unfair.trace.loop == 0


def test_without_fairness_everything_may_stop() -> None:
    result = check_leads_to(ticking(), leads_to(is_("done", 0), is_("done", 1)))

    assert result.verdict == "violated"
    assert (result.trace.steps, result.trace.loop) == ((), 0)


def test_weak_fairness_does_not_help_who_is_able_now_and_then_only() -> None:
    result = check_leads_to(ticking(), leads_to(is_("late", 0), is_("late", 1), "late", "spin", "tick"))

    assert result.verdict == "violated"
    calls = [result.trace.call(i) for i in range(len(result.trace.steps))]
    assert calls[result.trace.loop :] == ["turn", "turn"] or "turn" in calls[result.trace.loop :]
    assert "catch" not in calls


def test_what_has_happened_already_needs_no_step() -> None:
    assert check_leads_to(ticking(), leads_to(is_("done", 1), is_("done", 1))).verdict == "holds"
    assert (
        check_leads_to(ticking(), leads_to(binary("and", is_("x", 0), is_("x", 1)), is_("done", 1))).verdict
        == "holds"
    )


@pytest.mark.parametrize("who", [0, 1])
def test_peterson_lets_everyone_in(who: int) -> None:
    model = peterson()

    fair = check_leads_to(model, leads_to(is_("wants", 1, who), is_("inside", 1, who), "compete"))
    unfair = check_leads_to(model, leads_to(is_("wants", 1, who), is_("inside", 1, who)))

    assert (fair.verdict, fair.states) == ("holds", 20)
    assert unfair.verdict == "violated"


def test_a_lock_without_a_queue_starves() -> None:
    """CPU1 may take both locks again whenever CPU0 could have had them."""
    prop = leads_to(binary("==", read("inside"), 0), is_("Lock.held_by", 1), "thread")
    model = with_property(lock_program(), prop)

    result = check_leads_to(model, prop)

    assert result.verdict == "violated"
    assert {result.trace.actor(i).instance for i in range(len(result.trace.steps))} == {1}
    assert judge_lasso(result.trace, "progress") == result.trace.violation


def test_more_states_than_the_cap_are_incomplete() -> None:
    assert check_leads_to(ticking(), leads_to(is_("done", 0), is_("done", 1)), cap=3).verdict == "incomplete"


def test_a_lasso_is_stored_replayed_and_drawn_with_its_loop(tmp_path) -> None:
    prop = leads_to(is_("late", 0), is_("late", 1), "late", "spin", "tick")
    model = with_property(ticking(), prop)
    trace = check_leads_to(model, prop).trace
    write(tmp_path / "lasso.txt", trace, "")

    followed = read_file(tmp_path / "lasso.txt").follow(model)
    text = counterexample(trace)

    assert followed.trace.violation == trace.violation
    assert followed.trace.loop == trace.loop
    assert "<from here on, again and again>" in text
    assert text.rstrip().endswith("<back to the mark above>")


def test_a_lasso_that_starves_a_fair_process_is_none() -> None:
    prop = leads_to(is_("done", 0), is_("done", 1))
    trace = check_leads_to(ticking(), leads_to(is_("done", 0), is_("done", 1), "spin")).trace
    asked = with_property(ticking(), leads_to(is_("done", 0), is_("done", 1), "tick"))
    less = with_property(ticking(), prop)

    assert (
        judge_lasso(type(trace)(asked, trace.judge, trace.states, trace.steps, loop=trace.loop), "progress")
        is None
    )
    assert (
        judge_lasso(type(trace)(less, trace.judge, trace.states, trace.steps, loop=trace.loop), "progress")
        is not None
    )
    assert judge_lasso(type(trace)(less, trace.judge, trace.states, trace.steps), "progress") is None


def test_the_loop_serves_every_fair_process() -> None:
    """Two fair counters modulo 3 and a flag that nobody sets."""
    n = [variable(f"n{i}", int_type(0, 2)) for i in range(2)]
    counters = [
        process(
            f"c{i}",
            block(
                0,
                If(is_(f"n{i}", 2), (assign(f"n{i}", 0),), (assign(f"n{i}", binary("+", read(f"n{i}"), 1)),)),
                Goto(0),
            ),
            rests=(),
        )
        for i in range(2)
    ]
    prop = leads_to(is_("n0", 1), is_("flag", 1), "c0", "c1")
    model = program("served", [*n, variable("flag")], counters, prop)

    trace = check_leads_to(model, prop).trace

    assert {s.process for s in trace.steps[trace.loop :]} == {0, 1}
    assert trace.states[-1] == trace.states[trace.loop]
    assert judge_lasso(trace, "progress") is not None


MODEL = '''\
from checker.lang import Range, Struct, leads_to, scenario, worker

class Clock(Struct):
    """A clock."""
    hour = Range(0, 11, "hour")

def tick():
    """One more."""
    Clock[0].hour = 1

@leads_to(fair=("tick",))
def goes_on(clock: Clock):
    """It goes on."""
    return clock.hour == 0, clock.hour == 1

day = scenario("A day.", worker("tick", tick))
'''


def test_a_property_that_was_asked_for_and_not_decided_does_not_hold(tmp_path, monkeypatch, capsys) -> None:
    file = tmp_path / "clock.py"
    file.write_text(MODEL)
    asked = ["--model", str(file), "--engine", "interpret"]
    assert main(asked) == main([*asked, "--property", "goes_on"]) == 0
    capsys.readouterr()

    monkeypatch.setattr("checker.trace.temporal.CAP", 1)
    monkeypatch.setattr("checker.verdict.api.LIVENESS_STATES", 1)
    assert main(asked) == 0 and "not checked: goes_on" in capsys.readouterr().out
    assert main([*asked, "--property", "goes_on"]) == 3
    out = capsys.readouterr().out
    assert out.startswith("incomplete") and "leads_to is decided in up to 1 states" in out and "interleaving" not in out
