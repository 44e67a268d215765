"""Running what `tests/support/tla_reader.py` has read: initial states, successors, properties.

The meaning is TLC's: an action is gone through from left to right; the first `x' = e` (in
`Init`, `x = e`) gives a value, later ones compare.  A false `Assert` is a violation, and
the action has no successor.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.support.tla_reader import Module, Node

State = tuple
OPERATORS: dict[str, Callable] = {
    "=": operator.eq, "#": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
    "+": operator.add, "-": operator.sub, "*": operator.mul, "div": operator.floordiv, "%": operator.mod,
    "in": lambda a, b: a in b, "..": lambda a, b: range(a, b + 1),
}  # fmt: skip


class Function(dict):
    """A function, as a value."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


class Functions:
    """The set of functions [domain -> values]."""

    def __init__(self, domain, values) -> None:
        self.domain, self.values = set(domain), values

    def __contains__(self, function: Function) -> bool:
        return set(function) == self.domain and all(v in self.values for v in function.values())


class Records:
    """The set of records with these sets of values."""

    def __init__(self, fields: dict) -> None:
        self.fields = fields

    def __contains__(self, record: Function) -> bool:
        return record.keys() == self.fields.keys() and all(
            record[name] in values for name, values in self.fields.items()
        )


def _changed(whole: Function, path: list, value) -> Function:
    """`whole` with another value at the end of `path`."""
    first, *rest = path
    assert first in whole
    return Function({**whole, first: _changed(whole[first], rest, value) if rest else value})


class AssertFailed(Exception):
    """A false Assert."""


class Lazy:
    """A definition of LET: evaluated once, when it is used."""

    def __init__(self, machine: Machine, node: Node, env: dict, state: dict, new: dict) -> None:
        self.arguments, self.machine, self.value = (node, env, state, new), machine, None

    def force(self):
        if self.value is None:
            self.value = self.machine.evaluate(*self.arguments)
        return self.value


@dataclass
class Found:
    """Result of a search; violated: names of invariants, and messages of Asserts."""

    states: int = 0
    transitions: int = 0
    violated: set[str] = field(default_factory=set)


class Machine:
    """The transition system of a module."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self.failed: set[str] = set()

    # -------------------------------------------------------- expressions

    def evaluate(self, node: Node, env: dict, state: dict, new: dict):
        """Value of an expression; new: values of primed variables."""
        head, *rest = node
        method = getattr(self, "_" + head, None)
        if method:
            return method(*rest, env=env, state=state, new=new)

        def value(part: Node):
            return self.evaluate(part, env, state, new)

        match node:
            case ("int" | "string" | "bool", literal):
                return literal
            case ("closed" | "all_of", part):
                return value(part)
            case ("and", *parts):
                return all(value(p) for p in parts)
            case ("or", *parts):
                return any(value(p) for p in parts)
            case ("implies", left, right):
                return not value(left) or value(right)
            case ("if", cond, then, other):
                return value(then) if value(cond) else value(other)
            case ("~", part):
                return not value(part)
            case ("-", part):
                return -value(part)
            case ("prime", ("name", name)):
                return new[name]
            case ("tuple", *parts):
                return Function(enumerate(map(value, parts), 1))
            case ("set", *parts):
                return [value(p) for p in parts]
            case ("apply", function, index):
                return value(function)[value(index)]
            case ("except", function, changes):
                whole = value(function)
                for path, changed in changes:
                    whole = _changed(whole, [value(p) for p in path], value(changed))
                return whole
            case ("record", fields):
                return Function((name, value(part)) for name, part in fields)
            case ("records", fields):
                return Records({name: value(part) for name, part in fields})
            case ("functions", domain, values):
                return Functions(value(domain), value(values))
            case ("ENABLED", ("name", action)):
                return any(True for _ in self.successors(state, action))
            case (sign, *parts) if sign in OPERATORS:
                result = value(parts[0])
                for part in parts[1:]:
                    result = OPERATORS[sign](result, value(part))
                return result
        raise AssertionError(f"not evaluated: {node}")

    def _name(self, name: str, env: dict, state: dict, new: dict):
        if name in env:
            found = env[name]
            return found.force() if isinstance(found, Lazy) else found
        if name in state:
            return state[name]
        if name == "BOOLEAN":
            return [False, True]
        return self.evaluate(self.module.operators[name][1], {}, state, new)

    def _call(self, name: str, arguments, env: dict, state: dict, new: dict):
        values = [self.evaluate(a, env, state, new) for a in arguments]
        if name == "Assert":
            if not values[0]:
                raise AssertFailed(values[1])
            return True
        parameters, body = self.module.operators[name]
        return self.evaluate(body, dict(zip(parameters, values)), state, new)

    def _let(self, definitions, body: Node, env: dict, state: dict, new: dict):
        return self.evaluate(body, self._defined(definitions, env, state, new), state, new)

    def _defined(self, definitions, env: dict, state: dict, new: dict) -> dict:
        inner = dict(env)
        for name, node in definitions:
            inner[name] = Lazy(self, node, inner, state, new)
        return inner

    def _quantified(self, name, domain, body, env, state, new) -> Iterator:
        for one in self.evaluate(domain, env, state, new):
            yield one, self.evaluate(body, {**env, name: one}, state, new)

    def _exists(self, *node, **where) -> bool:
        return any(truth for _, truth in self._quantified(*node, **where))

    def _all(self, *node, **where) -> bool:
        return all(truth for _, truth in self._quantified(*node, **where))

    def _function(self, *node, **where) -> Function:
        return Function(self._quantified(*node, **where))

    # ------------------------------------------------------------ actions

    def ways(self, node: Node, env: dict, state: dict, new: dict, primed: bool = True) -> Iterator[dict]:
        """Every completion of `new` that makes the action true.  In Init (not primed) the
        variables get their values in `new` as well, and are read from there."""

        def seen() -> dict:
            return state if primed else new

        match node:
            case ("all_of" | "closed", part):
                yield from self.ways(part, env, state, new, primed)
            case ("and", first, *rest):
                for one in self.ways(first, env, state, new, primed):
                    yield from self.ways(("and", *rest), env, state, one, primed) if rest else [one]
            case ("or", *parts):
                yield from itertools.chain.from_iterable(
                    self._apart(p, env, state, new, primed) for p in parts
                )
            case ("if", cond, then, other):
                yield from self.ways(
                    then if self.evaluate(cond, env, seen(), new) else other, env, state, new, primed
                )
            case ("exists", name, domain, body):
                for value in self.evaluate(domain, env, seen(), new):
                    yield from self._apart(body, {**env, name: value}, state, new, primed)
            case ("let", definitions, body):
                yield from self.ways(body, self._defined(definitions, env, seen(), new), state, new, primed)
            case ("call", name, arguments) if name != "Assert":
                parameters, body = self.module.operators[name]
                values = [self.evaluate(a, env, seen(), new) for a in arguments]
                yield from self.ways(body, dict(zip(parameters, values)), state, new, primed)
            case ("name", name) if name in self.module.operators and name not in env:
                yield from self.ways(self.module.operators[name][1], {}, state, new, primed)
            case ("UNCHANGED", names):
                yield {**new, **{name: state[name] for name in self._names(names)}}
            case ("=", target, value) if (name := self._target(target, primed)) and name not in new:
                yield {**new, name: self.evaluate(value, env, seen(), new)}
            case _:
                if self.evaluate(node, env, seen(), new):
                    yield new

    def _target(self, node: Node, primed: bool) -> str | None:
        """The variable that `node = e` gives a value to."""
        if primed:
            return node[1][1] if node[0] == "prime" else None
        return node[1] if node[0] == "name" and node[1] in self.module.variables else None

    def _names(self, node: Node) -> list[str]:
        """The variables in a tuple of variables and of such tuples."""
        if node[0] == "tuple":
            return [name for part in node[1:] for name in self._names(part)]
        name = node[1]
        return [name] if name in self.module.variables else self._names(self.module.operators[name][1])

    def _complete(self, values: dict) -> dict:
        assert set(values) == set(self.module.variables), (
            f"no value for {set(self.module.variables) - set(values)}"
        )
        return values

    def initial_states(self) -> list[dict]:
        return [self._complete(s) for s in self.ways(self.module.operators["Init"][1], {}, {}, {}, False)]

    def successors(self, state: dict, action: str = "Next") -> Iterator[dict]:
        """Every successor; a false Assert ends its way."""
        yield from map(self._complete, self._apart(self.module.operators[action][1], {}, state, {}, True))

    def _apart(self, *way) -> Iterator[dict]:
        """As `ways`; a false Assert in it ends nothing else."""
        try:
            yield from self.ways(*way)
        except AssertFailed as failed:
            self.failed.add(str(failed))

    def holds(self, name: str, state: dict, after: dict | None = None) -> bool:
        """Is a property true in a state, or of a step?

        A box formula is true of a step that changes nothing.
        """
        if after == state:
            return True
        body = self.module.operators[name][1]
        while body[0] in ("all_of", "closed"):
            body = body[1]
        return bool(self.evaluate(body[1] if body[0] == "box" else body, {}, state, after or {}))


def search(machine: Machine, invariants: list[str], steps: list[str] = ()) -> Found:
    """All reachable states; steps: names of transition invariants."""
    found = Found()
    queue = machine.initial_states()
    seen = {frozenset(s.items()) for s in queue}
    queue = [dict(s) for s in seen]
    for state in queue:
        found.violated |= {name for name in invariants if not machine.holds(name, state)}
        for after in machine.successors(state):
            found.transitions += 1
            found.violated |= {name for name in steps if not machine.holds(name, state, after)}
            key = frozenset(after.items())
            if key not in seen:
                seen.add(key)
                queue.append(after)
    found.states, found.violated = len(seen), found.violated | machine.failed
    return found
