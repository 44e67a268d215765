"""A trace as data for the page: of each step what it does and changes, of each moment what is drawn and what is false.

States are written as what differs from the one before.  A moment is what there is after a step; moment 0 is the start.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ..ir.interpreter import PropertyViolation, State, Step
from ..picture.lines import picture_of, step_text
from ..picture.short import short
from ..trace.explain import falsifiers, waiting
from ..trace.order import orderings, sentences
from ..trace.trace import Trace
from .scene import Label, Scene
from .schedule import written


def walk(scene: Scene, trace: Trace) -> dict[str, Any]:
    """The whole trace."""
    picture = picture_of(trace, rows=scene.rows, joined=0)
    number = {name: n for n, name in enumerate(scene.names.actors)}
    order = orderings(trace)
    return {
        "start": trace.start, "loop": trace.loop, "schedule": written(trace.turns(), scene.judge.actors),
        "columns": [number[name] for name in picture.threads],
        "lines": [[line.column, line.depth, line.text, line.step, int(line.call)] for line in picture.lines],
        "steps": [_step(scene, trace, index) for index in range(len(trace.steps))],
        "moments": list(_moments(scene, trace)),
        "violation": _violation(trace.violation),
        "order": {"pairs": [[one.first, one.second] for one in order[0]] if order else [], "text": " ".join(" ".join(sentences(trace)).split())},
        "short": short(trace, scene.rows),
    }  # fmt: skip


def labels_of(scene: Scene, trace: Trace) -> set[Label]:
    """The blocks that the walk speaks of: of the steps, and where threads stand."""
    slots, actors = scene.names.slots, scene.judge.actors
    stand = {(a.process, state[slots.pc(a.process, a.instance)]) for state in trace.states for a in actors}
    return stand | {(step.process, step.label) for step in trace.steps}


def following(scene: Scene, trace: Trace) -> dict[str, Any]:
    """What can come next: every step that can be taken, and of each thread that cannot go on what it waits for."""
    state = trace.states[-1]
    failed = len(trace.steps) == len(trace.states)
    steps = [] if failed else scene.judge.steps(state)
    able = {(step.process, step.instance) for step in steps}
    waits = [
        {"who": actor.self - 1, "for": [wait.what for wait in waiting(actor, trace) if wait.what]}
        for actor in scene.judge.actors
        if (actor.process, actor.instance) not in able and not failed and not _rests(scene, state, actor.process, actor.instance)
    ]
    return {"steps": [_choice(scene, state, step) for step in steps], "waits": waits}


def _rests(scene: Scene, state: State, process: int, instance: int) -> bool:
    return state[scene.names.slots.pc(process, instance)] in scene.task.program.processes[process].rests


def _choice(scene: Scene, state: State, step: Step) -> dict[str, Any]:
    actor = scene.judge.actor(step.process, step.instance)
    found = {
        "who": actor.self - 1, "label": step.label, "choices": list(step.choices),
        "text": step_text(scene.names, scene.judge, state, step),
        "changes": [] if step.after is None else scene.names.changes(state, step.after),
    }  # fmt: skip
    return found | ({"fails": step.violation.property} if step.violation else {})


def _step(scene: Scene, trace: Trace, index: int) -> dict[str, Any]:
    step, before = trace.steps[index], trace.states[index]
    after = before if step.after is None else trace.states[index + 1]
    drawn = [row for row in scene.rows if row.cells_in(before) != row.cells_in(after)]
    found: dict[str, Any] = {
        "who": trace.actor(index).self - 1, "label": step.label, "text": step_text(scene.names, scene.judge, before, step),
        "changes": [*(f"{row.title} {row.cells_in(after)}" for row in drawn), *scene.names.changes(before, after, False, {row.variable for row in drawn})],
    }  # fmt: skip
    return found | ({"violation": _violation(step.violation)} if step.violation else {})


def _moments(scene: Scene, trace: Trace) -> Iterator[dict[str, Any]]:
    """Each state: what differs from the last one, the drawings if they differ, and what is false."""
    last: State = ()
    shown: list[Any] = []
    for number, state in enumerate(trace.states):
        changed = [[slot, value] for slot, value in enumerate(state) if not last or last[slot] != value]
        found: dict[str, Any] = {"state": list(state)} if not last else {"changed": changed}
        drawn = [[row.cells_in(state), *row.marks_in(state)] for row in scene.rows]
        if drawn != shown:
            found["drawn"] = shown = drawn
        if false := _false(scene, trace, number):
            found["false"] = false
        yield found
        last = state


def _false(scene: Scene, trace: Trace, number: int) -> list[dict[str, Any]]:
    """The properties that are false in the state of this number, or in the step that leads to it, and by which values."""
    state, judge = trace.states[number], scene.judge
    wrong = judge.judge(state) + (judge.judge_step(trace.states[number - 1], state) if number else [])
    if number == len(trace.steps) and not judge.steps(state):
        wrong += judge.at_rest(state)
    sofar = replace(trace, states=trace.states[: number + 1], steps=trace.steps[:number], loop=None)
    return [_violation(one) | {"because": falsifiers(replace(sofar, violation=one))} for one in wrong]


def _violation(violation: PropertyViolation | None) -> dict[str, Any] | None:
    if violation is None:
        return None
    binding = ", ".join(value for _, value in violation.binding)
    return {"property": violation.property, "message": violation.message} | ({"of": binding} if binding else {})
