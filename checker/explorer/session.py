"""What a person looks at: a stored counterexample, or a scenario from its start, each as a scene and a trace of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..base.errors import UsageError
from ..trace.trace import Facts, Followed, Trace, Turn, follow, violations_at_end
from ..verdict.api import prepare
from ..verdict.replay import replayed
from .beside import beside
from .scene import Scene
from .walk import following, labels_of, walk

Key = tuple[str, str, int | str | None]  # design, scenario, bound


@dataclass
class Session:
    """Scenes, each compiled when it is first asked for.

    model: the file of --model, or None.  first: the facts of the scene that the session begins with."""

    model: str | None
    first: Facts
    scenes: dict[Key, Scene] = field(default_factory=dict)

    def scene(self, design: str = "", scenario: str = "", bound: int | str | None = None) -> Scene:
        """The scene of these names; by default those that the session began with.  UsageError if there is none."""
        facts = self.first
        key = design or facts.design, scenario or facts.scenario, facts.bound if bound is None else bound
        if key not in self.scenes:
            known = next(iter(self.scenes.values())).task.catalogue if self.scenes else None
            settings = facts.settings if key[1] == facts.scenario else {}
            task = prepare(self.model, key[0] or None, key[1] or None, key[2], settings=settings, catalogue=known)
            self.scenes[key] = Scene(task)
        return self.scenes[key]

    def other(self, scene: Scene, design: str) -> Scene:
        """The scene of another design in the same scenario."""
        facts = scene.task.facts
        return self.scene(design, facts.scenario, facts.bound)

    def designs(self, scene: Scene) -> list[str]:
        """The designs that can be looked at in the scenario of `scene`, the baseline first."""
        catalogue, scenario = scene.task.catalogue, scene.task.scenario
        return [name for name, design in catalogue.designs.items() if any(s is scenario for s in catalogue.scenarios_of(design).values())]


def opened(
    file: str | None, model: str | None, design: str | None, scenario: str | None, bound: int | str | None, settings: Sequence[str] = ()
) -> tuple[Session, Trace]:
    """The session for what a command names, and the trace to be shown first; without a file one without steps."""
    if file is None:
        task = prepare(model, design, scenario, bound, settings=settings)
        followed = follow(task.program, (), facts=task.facts)
    else:
        outcome = replayed(file, model, design)
        task, followed = outcome.task, outcome.followed
    session = Session(model or task.facts.model or None, task.facts)
    session.scenes[task.facts.design, task.facts.scenario, task.facts.bound] = Scene(task)
    return session, replace(followed.trace, facts=task.facts)


def walked(scene: Scene, turns: Sequence[Turn], start: int = 0) -> Followed:
    """The steps of a schedule, as far as they can be taken, even behind a first violation."""
    trace = follow(scene.task.program, (), start, facts=scene.task.facts).trace
    if start >= len(scene.judge.initial_states()):
        raise UsageError(f"there is no start {start}; there are {len(scene.judge.initial_states())}")
    for number, turn in enumerate(turns):
        actor = scene.judge.actor(turn.process, turn.instance)
        possible = [] if len(trace.steps) == len(trace.states) else list(scene.judge.steps_of(trace.states[-1], actor))
        step = next((one for one in possible if one.choices == turn.choices), None)
        if step is None:
            return Followed(_judged(trace), number, f"{scene.names.actors[actor.self - 1]} cannot take step {number + 1} of this schedule")
        states = trace.states if step.after is None else (*trace.states, step.after)
        trace = replace(trace, states=states, steps=(*trace.steps, step))
    return Followed(_judged(trace))


def _judged(trace: Trace) -> Trace:
    """The trace with what its end violates."""
    return replace(trace, violation=next(iter(violations_at_end(trace)), None))


def whole(session: Session, trace: Trace, live: bool = False, against: str | None = None) -> dict[str, Any]:
    """All that the page is given at its start.

    live: there is a server, which takes further steps.  against: the design to be put beside the trace."""
    scene = session.scene(trace.facts.design, trace.facts.scenario, trace.facts.bound)
    data = {"live": live, "scene": scene.as_json(None if live else labels_of(scene, trace)), "walk": walk(scene, trace)}
    if live:
        data |= {"next": following(scene, trace), "designs": session.designs(scene), "starts": len(scene.judge.initial_states())}
    other = against or baseline_name(scene)
    if other and trace.steps and trace.violation is not None:
        data["beside"] = beside(trace, session.other(scene, other), live)
    return data


def baseline_name(scene: Scene) -> str:
    """What the design is a variant of; "" if it is none."""
    catalogue, design = scene.task.catalogue, scene.task.design
    baseline = catalogue.baseline_of(design)
    return catalogue.name_of(baseline) if baseline is not None and baseline is not design else ""
