"""A second opinion on the compiler and the engines: the model's functions, run as Python.

`oracle_source` turns them into generators, `oracle_machine` and `oracle_values` give the words a meaning, and
here is a plain breadth-first search.  It shares no code with the compiler: a position in a
process is where Python says that its generators stand, and dead locals count.  So the
numbers of states differ; what both have in common are the values of shared state, the
lines at which the processes stand, the verdict, and the length of the shortest way to it.
Slow: for small scopes only.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path

from checker import lang
from tests.support.oracle_machine import Machine
from tests.support.oracle_values import Blocked, Box, LockOf, Node, Place, Stack, StackRow, Violation

END = ("end",)


@dataclass
class Opinion:
    """What the oracle found.

    seen: (shared values, lines at which each process stands) of every state; shared values
    are integers as in the IR.  violations: the least number of steps to each violation, by
    property, the violating step included.  reached: properties seen true.  lines: (file,
    line) of all statements that make steps, in the functions that were called; perhaps: those where
    an access is in a part of the statement that constants may leave out; doubtful: of choices that
    wait for locals, and belong to the step before if that has changed nothing.
    """

    complete: bool = True
    states: int = 0
    transitions: int = 0
    levels: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    seen: set[tuple] = field(default_factory=set)
    violations: dict[str, int] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    lines: set[tuple[str, int]] = field(default_factory=set)
    perhaps: set[tuple[str, int]] = field(default_factory=set)
    doubtful: set[tuple[str, int]] = field(default_factory=set)

    @property
    def values(self) -> set[tuple[int, ...]]:
        return {values for values, _ in self.seen}


@dataclass(frozen=True)
class Position:
    """Where a process stands: frames with their locals, and their lines."""

    frames: tuple
    lines: tuple[tuple[str, int], ...] = field(compare=False)


@dataclass(frozen=True)
class State:
    memory: tuple
    positions: tuple[Position, ...]


class Search:
    """A breadth-first search over one scenario.

    settings: values of constants by name.  bound: operations that may be started.
    limit: states after which the search gives up (`complete` is then False).
    properties: functions by name (None: those of the modules that the processes come from).
    """

    def __init__(self, scenario, settings=None, bound=None, limit=200_000, properties=None) -> None:
        self.machine = Machine(scenario, settings, bound, list((properties or {}).values()))
        self.limit = limit
        self.opinion = Opinion(names=self.machine_names())
        self.logs: dict[tuple[int, tuple], tuple[tuple, int]] = {}  # (process, frames) -> (what it saw, resumptions)
        self.first: list[set[tuple]] = [set() for _ in self.machine.actors]  # frames at a handler's first step
        self.properties = self.judged(properties or dict(self.machine.all_names()))

    def run(self) -> Opinion:
        """Explore everything; violations do not end the search."""
        opinion = self.opinion
        level = list(dict.fromkeys(self.initial_states()))
        found = set(level)
        depth = 0
        while level:
            opinion.levels.append(len(level))
            following = []
            for state in level:
                self.judge(state, depth)
                for after in self.expand(state, depth):
                    opinion.transitions += 1
                    if after not in found:
                        found.add(after)
                        following.append(after)
            level, depth = following, depth + 1
            if len(found) > self.limit:
                opinion.complete = False
                break
        opinion.states, opinion.lines = len(found), self.machine.lines
        opinion.perhaps, opinion.doubtful = self.machine.perhaps, self.machine.doubtful
        return opinion

    # steps

    def initial_states(self):
        machine = self.machine
        machine.memory = list(machine.memory)
        for memory in self.after_setup(tuple(machine.memory)):
            yield from self.started(memory, ())

    def after_setup(self, memory):
        setup = self.machine.scenario.setup
        if setup is None:
            yield memory
            return
        for _ in self.choices():
            self.machine.memory, self.machine.log = list(memory), None
            try:
                self.machine.environment(setup)[setup.__name__ + "__whole"]()
            except Blocked:
                continue
            yield tuple(self.machine.memory)

    def started(self, memory, positions):
        """All processes run to just before their first shared access.  One that does more
        than plain assignments before stands at its beginning."""
        which = len(positions)
        if which == len(self.machine.actors):
            yield State(memory, positions)
            return
        ways = list(self.resume(which, memory, (), 0))
        if len(ways) == 1 and not isinstance(ways[0], str) and ways[0][0] == memory:
            position = ways[0][1]
        else:
            position = Position(("begin", which), ())
            self.logs[which, position.frames] = (), 0
        self.first[which].add(position.frames)
        yield from self.started(memory, positions + (position,))

    def expand(self, state, depth):
        """The successors of a state; notes violations of steps and deadlocks."""
        moved = False
        for which, position in enumerate(state.positions):
            if position.frames == END:
                continue
            log, resumptions = self.logs[which, position.frames]
            self.machine.before = state.memory
            for after in self.resume(which, state.memory, log, resumptions):
                moved = True
                if isinstance(after, str):
                    self.violated(after, depth + 1)
                    continue
                successor = State(after[0], state.positions[:which] + (after[1],) + state.positions[which + 1 :])
                self.judge_step(state.memory, successor.memory, depth + 1)
                yield successor
        if not moved:
            self.judge_end(state, depth)

    def resume(self, which, memory, log, resumptions):
        """(memory, position) after the next step of a process, or the name of a violation; for every choice."""
        machine = self.machine
        for _ in self.choices():
            machine.actor, machine.log, machine.fed = machine.actors[which], list(log), len(log)
            generator = machine.start(machine.actor)
            for _ in range(resumptions):
                machine.starting, machine.rounds = False, 0
                next(generator)
            machine.memory, machine.starting, machine.rounds = list(memory), False, 0
            try:
                next(generator)
                position = self.position(generator)
            except Blocked:
                continue
            except StopIteration:
                position = Position(END, ())
            except Violation as violation:
                yield violation.args[0]
                continue
            except AttributeError as error:
                if "NoneType" not in str(error):
                    raise
                yield "null_reference"
                continue
            finally:
                made, machine.log, machine.actor = machine.log, None, None
            self.logs.setdefault((which, position.frames), (tuple(made), resumptions + 1))
            yield tuple(machine.memory), position

    def choices(self):
        """Once for each way to answer the chooses that come up."""
        machine = self.machine
        script: list[list[int]] = []
        while True:
            machine.script, machine.chosen = script, 0
            yield
            while script and script[-1][0] + 1 == script[-1][1]:
                script.pop()
            if not script:
                return
            script[-1][0] += 1

    def position(self, generator):
        """Where a suspended generator stands, with those that it has called."""
        frames, lines = [], []  # a line is (name of the file, number)
        while generator is not None:
            frame = generator.gi_frame
            local = tuple((name, frozen(value)) for name, value in sorted(frame.f_locals.items()) if name != "self")
            frames.append((generator.gi_code.co_name, frame.f_lasti, local))
            lines.append((Path(frame.f_code.co_filename).name, frame.f_lineno))
            generator = generator.gi_yieldfrom
        lines = lines[1:]  # what is around the operations
        return Position(tuple(frames), tuple(lines))

    def at_rest(self, which, position):
        """May the process stay here for ever?"""
        if self.machine.actors[which].kind == "process":
            return position.frames == END
        return position.frames in self.first[which]

    # properties

    def judged(self, known):
        """Kind and instantiations of each property to be judged."""
        wanted = self.machine.scenario.properties
        found = {
            name: value for name, value in known.items()
            if getattr(value, "checker_kind", "") == "property" and (wanted is None or name in wanted)
        }  # fmt: skip
        for prop in list(found.values()):
            witness = prop.checker_property[1].get("witness")
            if witness is not None:
                found.setdefault(witness.__name__, witness)
        return {name: (p.checker_property[0], self.bindings(p)) for name, p in found.items()}

    def bindings(self, function):
        """A call of the property for each binding of its parameters."""
        call = self.machine.environment(function)[function.__name__]
        domains = [self.domain(function.__globals__, note) for note in function.__annotations__.values()]
        return [lambda values=values: call(*values) for values in itertools.product(*domains)]

    def domain(self, names, annotation):
        kind = names.get(annotation, annotation) if isinstance(annotation, str) else annotation
        if isinstance(kind, lang.Range):
            return range(self.machine.value(kind.lo), self.machine.value(kind.hi) + 1)
        if isinstance(kind, lang.Enum):
            return kind.values
        return (False, True) if kind in (bool, "bool") else self.machine.nodes_of(kind)

    def judge(self, state, depth):
        """Invariants and witnesses in a state that is new."""
        self.machine.memory = list(state.memory)
        self.opinion.seen.add((self.integers(state.memory), tuple(p.lines for p in state.positions)))
        for name, (kind, calls) in self.properties.items():
            if kind in ("invariant", "crash") and not all(call() for call in calls):
                self.violated(name, depth)
            if kind == "reachable" and name not in self.opinion.reached and any(call() for call in calls):
                self.opinion.reached.add(name)

    def judge_step(self, before, after, depth):
        self.machine.before, self.machine.memory = before, list(after)
        for name, (kind, calls) in self.properties.items():
            if kind == "transition" and not all(call() for call in calls):
                self.violated(name, depth)

    def judge_end(self, state, depth):
        """A state where nothing can move."""
        if not all(self.at_rest(which, position) for which, position in enumerate(state.positions)):
            self.violated("deadlock", depth)
        self.machine.memory = list(state.memory)
        for name, (kind, calls) in self.properties.items():
            if kind == "terminal" and not all(call() for call in calls):
                self.violated(name, depth)

    def violated(self, name, depth):
        self.opinion.violations.setdefault(name, depth)

    # the memory as integers

    def machine_names(self):
        """The name of each integer of a state, as the IR calls variables and counts their elements."""
        names = [""] * len(self.machine.memory)
        for (struct, name), start in self.machine.slots.items():
            nodes = len(self.machine.structs[struct].nodes)
            declared = self.machine.structs[struct].struct.fields.get(name)  # none of who holds a lock shared
            width = len(self.machine.actors) if declared is None else self.machine.width(declared)
            for element in range(nodes * width):
                names[start + element] = f"{struct}.{name}[{element}]"
        if self.machine.ops_left is not None:
            names[self.machine.ops_left] = "ops_left[0]"
        return names

    def integers(self, memory):
        return tuple(map(integer, memory))


def integer(value) -> int:
    """A value as the IR has it: 0 for None, k + 1 for instance k, the number of an enumeration's value."""
    if value is None:
        return 0
    if isinstance(value, Node):
        return value.number + 1
    if isinstance(value, lang.EnumValue):
        return value.number
    return int(value)


def frozen(value):
    """`value` as something that can be compared and hashed."""
    if isinstance(value, Stack):
        return tuple((name, frozen(held)) for name, held in value.values.items())
    if isinstance(value, Box):
        return frozen(value.value)
    if isinstance(value, StackRow):
        return tuple(value.values)
    if isinstance(value, (Place, LockOf)):
        return tuple(frozen(part) for part in vars(value).values())
    if isinstance(value, (tuple, list)):
        return tuple(map(frozen, value))
    return value


def explore(scenario, settings=None, bound=None, limit=200_000, properties=None) -> Opinion:
    """The oracle's opinion of a scenario: see `Search`."""
    return Search(scenario, settings, bound, limit, properties).run()
