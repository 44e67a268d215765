"""The memory, the locks and the words that the oracle's processes run on.

Everything that a process sees goes through `Machine.observe`, so that it can be brought
back to where it stood: run again from its start, and fed what it saw.  The only code of
the checker that is used is `lang/`, the declarations.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from pathlib import Path

from checker import lang
from tests.support import oracle_source as source
from tests.support.oracle_values import Blocked, Box, LockOf, Node, Place, Stack, StackRow, Struct, Violation

ENDLESS = 3  # rounds of loops without a step, after which the next one is a step


@dataclass
class Actor:
    """One instance of a process of the scenario.  number: what a lock's owner holds."""

    number: int
    name: str
    kind: str
    functions: tuple
    argument: object = None


class Machine:
    """The shared memory, the words, and who is running."""

    def __init__(self, scenario, settings=None, bound=None, properties=()):
        self.scenario, self.bound = scenario, scenario.bound if bound is None else bound
        self.environments = {}
        self.structs = {}
        self.memory: list = []
        self.slots = {}  # (struct name, field name) -> first slot
        self.before = None  # the memory before the step, for old()
        self.actor = None
        self.log: list | None = None  # what the running process has seen so far; None: nobody is running
        self.fed = 0  # how much of the log is still to be fed to it
        self.script: list[list[int]] = []  # the choices of the step: [taken, of how many]
        self.chosen = 0
        self.starting = False  # an operation has started, and made no step yet
        self.rounds = 0  # of loops, in this step
        self.lines = set()  # (file, line) of all statements that make a step
        self.perhaps = set()  # those among them where constants may say that they make none
        self.doubtful = set()  # lines of choices that perhaps are one
        self.ops_left = None  # slot of the operations still to be started
        roots = [function for process in scenario.processes for function in process.functions]
        self.names = {}  # modules first, so that constants have values
        for function in [*roots, *([scenario.setup] if scenario.setup else []), *properties]:
            self.names.update(function.__globals__)
        self.given = dict(scenario.scope)
        constants = {n: c for n, c in self.all_names() if isinstance(c, lang.Constant)}
        self.given.update({constants[name]: value for name, value in (settings or {}).items()})
        self.make_structs()
        self.actors = self.cast()
        self.declare()
        self.mutable = self.mutable_names()

    def all_names(self):
        """Every (name, value) of the modules that the scenario's functions come from, and of those they use."""
        seen, todo, found = set(), [self.names], []
        while todo:
            names = todo.pop()
            for name, value in list(names.items()):
                found.append((name, value))
                if inspect.isfunction(value) and id(value.__globals__) not in seen:
                    if source.kind_of(value) != "word" and hasattr(value, "__code__"):
                        seen.add(id(value.__globals__))
                        if value.__globals__.get("__name__", "").split(".")[0] != "checker":
                            todo.append(value.__globals__)
        return found

    def value(self, number):
        """An integer, of an integer or an expression over constants."""
        return number.value(self.given) if isinstance(number, lang.Const) else number

    # declarations

    def make_structs(self):
        """All structs that the modules know."""
        named = [value.struct if isinstance(value, lang.Instance) else value for _, value in self.all_names()]
        structs = {s.__name__: s for s in named if inspect.isclass(s) and issubclass(s, lang.Struct)}
        for name, struct in structs.items():
            if struct is not lang.Struct:
                self.structs[name] = Struct(self, struct, self.value(struct.instances))

    def declare(self):
        """Lay out the memory."""
        for name, made in self.structs.items():
            for declared in made.struct.fields.values():
                self.slots[name, declared.name] = len(self.memory)
                initial = [self.initial(declared)] * (len(made.nodes) * self.width(declared))
                self.memory += initial
                if declared.lock == "rwlock":  # who holds it shared: a flag for each process, lock by lock
                    self.slots[name, declared.name + ".readers"] = len(self.memory)
                    self.memory += [False] * (len(made.nodes) * len(self.actors))
        if self.bound is not None:
            self.ops_left = len(self.memory)
            self.memory.append(self.bound)

    def mutable_names(self):
        """Names of the fields that processes assign to, ghosts left out: all others are no shared access."""
        found, done = set(), set()
        todo = [function for process in self.scenario.processes for function in process.functions]
        while todo:
            function = todo.pop()
            if function not in done:
                done.add(function)
                names, called = source.written(function)
                found |= names
                todo += called
        fields = [f for made in self.structs.values() for f in made.struct.fields.values()]
        self.written = found | (source.written(self.scenario.setup)[0] if self.scenario.setup else set())
        return {f.name for f in fields if f.name in found and not f.ghost}

    def width(self, declared):
        return 1 if declared.count is None else self.value(declared.count)

    def first_value(self, declared):
        """The first value of a field of a record."""
        return self.initial(declared) if declared.count is None else StackRow(self, declared)

    def initial(self, declared):
        """The first value of a field."""
        if declared.lock:
            return 0
        if declared.init is not None:
            init = declared.init
            return self.nodes_of(init.struct)[init.number] if isinstance(init, lang.Instance) else self.value(init)
        if declared.type is lang.Bool:
            return False
        if isinstance(declared.type, lang.Enum):
            return declared.type.values[0]
        if isinstance(declared.type, lang.Range):
            low, high = self.value(declared.type.lo), self.value(declared.type.hi)
            return 0 if low <= 0 <= high else low
        return None

    def nodes_of(self, struct):
        return self.structs[struct.__name__].nodes

    def cast(self):
        """The processes of the scenario, numbered from 1."""
        actors = []
        for process in self.scenario.processes:
            nodes = self.nodes_of(process.per) if process.per else (None,)
            for node in nodes:
                for _ in range(self.value(process.count)):
                    actors.append(Actor(len(actors) + 1, process.name, process.kind, process.functions, node))
        return actors

    # functions

    def environment(self, function):
        """The names that a function sees, with the meaning that they have here."""
        names = function.__globals__
        if id(names) not in self.environments:
            made = self.environments[id(names)] = {"fit__": self.fit, "place__": Place}
            made["starting__"] = lambda: self.starting
            made["box__"] = lambda value, type=None: Box(self, value, type)
            made["endless__"], made["started__"] = self.endless, self.started
            made["shared__"] = lambda *places: any(
                isinstance(place.owner, Node) and place.name in self.mutable for place in places
            )
            for name, value in list(names.items()):
                made.update(self.meaning(name, value))
        return self.environments[id(names)]

    def meaning(self, name, value):
        kind = source.kind_of(value)
        if kind == "word":
            word = getattr(self, "do_" + value.__name__, None)
            return {name: word} if word else {}
        if kind in ("model", "primitive", "pure", "property") and not value.__globals__.get("__name__", "").startswith("checker.lang"):
            made = {name + "__whole": Late(self, value, False)}
            made[name] = Late(self, value, True) if kind == "model" else made[name + "__whole"]
            return made
        if kind == "record":
            return {name: lambda: Stack(self, value)}
        if inspect.isclass(value) and issubclass(value, lang.Struct) and value is not lang.Struct:
            return {name: self.structs[value.__name__]}
        if isinstance(value, lang.Const):
            return {name: self.value(value)}
        if isinstance(value, lang.Instance):
            return {name: self.nodes_of(value.struct)[value.number]}
        return {} if name.startswith("__") else {name: value}

    def fit(self, annotation, value):
        """`value`, which must lie in the range that it is declared with."""
        if isinstance(annotation, lang.Range):
            if not self.value(annotation.lo) <= value <= self.value(annotation.hi):
                raise Violation("range")
        return value

    # memory

    def observe(self, see):
        """What the running process sees now, or saw when it was here before."""
        if self.log is None:
            return see()
        if self.fed:
            self.fed -= 1
            return self.log[len(self.log) - self.fed - 1]
        seen = see()
        self.log.append(seen)
        return seen

    def slot(self, struct, name, number, index):
        declared = struct.fields[name]
        width = self.width(declared)
        if not 0 <= index < width:
            raise Violation("range")
        return self.slots[struct.__name__, name] + number * width + index

    def load(self, struct, name, number, index):
        def see():
            self.guarded(struct.fields[name], number, writes=False)
            return self.memory[self.slot(struct, name, number, index)]

        return self.observe(see)

    def store(self, struct, name, number, index, value):
        def act():
            declared = struct.fields[name]
            at = self.slot(struct, name, number, index)
            fitting = self.fit(declared.type, value)
            self.guarded(declared, number, writes=True)
            self.memory[at] = fitting

        self.observe(act)

    def guarded(self, declared, number, writes):
        """Is the lock held that the field needs?  Properties and setup need none, and nobody
        needs it for a field that no process writes."""
        if declared.name not in self.written or self.value(declared.unguarded) > 0:
            return
        for guard in (declared.guard, declared.write_guard if writes else None):
            if guard is None or self.actor is None:
                continue
            nodes = self.nodes_of(guard.struct)
            lock = LockOf(nodes[number if len(nodes) > 1 else 0], guard.name)
            if not (self.owns(lock) or (self.reads(lock) and not writes)):
                raise Violation("guard")

    # the words

    def do_each(self, struct):
        return struct.nodes

    def do_number(self, node):
        if node is None:
            raise Violation("null_reference")
        return node.number

    def do_choose(self, *values):
        if len(values) == 1 and (inspect.isgenerator(values[0]) or isinstance(values[0], range)):
            values = tuple(values[0])

        def see():
            if not values:
                raise Blocked
            if self.chosen == len(self.script):
                self.script.append([0, len(values)])
            taken = self.script[self.chosen][0]
            self.chosen += 1
            return taken

        return values[self.observe(see)]

    def do_wait_until(self, condition):
        if not condition:
            raise Blocked

    def do_warn_on(self, condition):
        if condition:
            raise Violation("warn_on")

    def do_bug_on(self, condition):
        if condition:
            raise Violation("bug_on")

    def do_old(self, expression):
        now, self.memory = self.memory, self.before
        try:
            return expression()
        finally:
            self.memory = now

    # locks: an owner is the number of an actor, 0 for nobody, one more than all of them if it was handed over

    def owner(self, lock):
        """Slot of a lock's owner."""
        return self.slots[lock.node.struct.__name__, lock.name] + lock.node.number

    def reader(self, lock, number):
        """Slot that says whether an actor holds an RwLock shared."""
        first = self.slots[lock.node.struct.__name__, lock.name + ".readers"]
        return first + lock.node.number * len(self.actors) + number - 1

    def reads(self, lock):
        """Does the running actor hold the lock shared?"""
        return self.is_rwlock(lock) and self.memory[self.reader(lock, self.actor.number)]

    def is_rwlock(self, lock):
        return lock.node.struct.fields[lock.name].lock == "rwlock"

    def is_free(self, lock):
        read = self.is_rwlock(lock) and any(self.memory[self.reader(lock, actor.number)] for actor in self.actors)
        return self.memory[self.owner(lock)] == 0 and not read

    def owns(self, lock):
        return self.memory[self.owner(lock)] == self.actor.number

    def in_order(self, lock):
        """Violates lock_order if the lock, or one that comes after it, is held."""
        order = [(declared.struct, declared.name) for declared in self.scenario.lock_order]
        key = (lock.node.struct, lock.name)
        if key not in order:
            return
        for place, (struct, name) in enumerate(order):
            for node in self.nodes_of(struct):
                later = (place, node.number) >= (order.index(key), lock.node.number)
                if later and (self.owns(LockOf(node, name)) or self.reads(LockOf(node, name))):
                    raise Violation("lock_order")

    def take(self, lock, shared, wait):
        def see():
            free = self.memory[self.owner(lock)] == 0 if shared else self.is_free(lock)
            if not wait and shared and self.reads(lock):
                free = False
            if not free and wait:
                raise Blocked
            if wait:
                self.in_order(lock)
                if shared and self.reads(lock):
                    raise Violation("lock_owner")
            if free and shared:
                self.memory[self.reader(lock, self.actor.number)] = True
            elif free:
                self.memory[self.owner(lock)] = self.actor.number
            return free

        return self.observe(see)

    def do_acquire(self, lock):
        self.take(lock, False, True)

    def do_acquire_shared(self, lock):
        self.take(lock, True, True)

    def do_try_acquire(self, lock):
        return self.take(lock, False, False)

    def do_try_acquire_shared(self, lock):
        return self.take(lock, True, False)

    def give(self, right, slot, value):
        def act():
            if not right():
                raise Violation("lock_owner")
            self.memory[slot()] = value

        self.observe(act)

    def do_release(self, lock):
        handed = len(self.actors) + 1
        self.give(lambda: self.owns(lock) or self.memory[self.owner(lock)] == handed, lambda: self.owner(lock), 0)

    def do_release_shared(self, lock):
        self.give(lambda: self.reads(lock), lambda: self.reader(lock, self.actor.number), False)

    def do_hand_over(self, lock):
        self.give(lambda: self.owns(lock), lambda: self.owner(lock), len(self.actors) + 1)

    def do_held(self, lock):
        return self.observe(lambda: self.owns(lock))

    def do_is_locked(self, lock):
        return self.observe(lambda: not self.is_free(lock))

    def do_held_shared(self, lock):
        return self.observe(lambda: self.reads(lock))

    # processes

    def start(self, actor):
        """The generator of a process, from its beginning."""
        functions = [self.environment(f)[f.__name__] for f in actor.functions]
        args = () if actor.argument is None else (actor.argument,)
        if actor.kind == "process":
            return self.once(functions[0], args)
        return self.operations(functions, args) if actor.kind == "thread" else self.handler(functions[0], args)

    def endless(self):
        """Has the running process gone round loops all the time, without a step?  Then that is a step."""
        self.rounds += 1
        return self.rounds > ENDLESS

    def started(self):
        """At a loop, where an operation counts as under way."""
        self.starting = False

    def once(self, function, args):
        yield from function(*args)
        self.holds_nothing()

    def handler(self, function, args):
        while True:
            if self.endless():
                yield
            yield from function(*args)
            self.holds_nothing()

    def operations(self, functions, args):
        while True:
            function = None
            yield
            if self.bound is not None:
                self.observe(self.count_operation)
            function = functions[self.do_choose(*range(len(functions)))]
            self.starting = True
            yield from function(*args)
            self.holds_nothing()

    def holds_nothing(self):
        """At an end the running process holds no lock."""

        def see():
            for made in self.structs.values():
                for declared in made.struct.fields.values():
                    locks = [LockOf(node, declared.name) for node in made.nodes] if declared.lock else []
                    if any(self.owns(lock) or self.reads(lock) for lock in locks):
                        raise Violation("lock_leak")

        self.observe(see)

    def count_operation(self):
        if self.memory[self.ops_left] == 0:
            raise Blocked
        self.memory[self.ops_left] -= 1


class Late:
    """A function of the model, made when it is first called."""

    def __init__(self, machine, function, stepped):
        self.machine, self.function, self.stepped = machine, function, stepped
        self.made = None

    def __call__(self, *args, **keywords):
        if self.made is None:
            name = self.function.__name__ + ("" if self.stepped else "__whole")
            rewriter = source.Rewriter(self.function, self.machine.mutable)
            tree = rewriter.rewrite(self.stepped, name)
            file = Path(self.function.__code__.co_filename).name
            self.machine.lines |= {(file, line) for line in rewriter.lines}
            self.machine.perhaps |= {(file, line) for line in rewriter.perhaps}
            self.machine.doubtful |= {(file, line) for line in rewriter.doubtful}
            names = dict(self.machine.environment(self.function))
            exec(compile(tree, self.function.__code__.co_filename, "exec"), names)
            self.made = names[name]
        return self.made(*args, **keywords)
