"""One body of the IR as one action of TLA+.

Assignments become definitions: each gives its variable a new name, and later statements
read that one.  The action ends by giving the last names to the primed variables.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ...ir.program import Assign, Check, Choose, Const, Fail, Goto, If, Stmt
from ..bodies import has
from ..names import remark
from .text import TlaWriter, values

Lines = list[str]


def indent(lines: Lines, width: int) -> Lines:
    return [" " * width + line for line in lines]


def conjunction(items: list[Lines]) -> Lines:
    """A list of conjuncts, one below the other."""
    return [("/\\ " if n == 0 else "   ") + line for item in items for n, line in enumerate(item)]


def followed(items: list[Lines], rest: Lines) -> Lines:
    """These conjuncts and then `rest`, which may be a list of conjuncts itself."""
    return (
        conjunction(items) + (rest if rest[0].startswith("/\\ ") else conjunction([rest])) if items else rest
    )


def message(name: str, text: str) -> str:
    return '"' + remark(f"{name}: {text}").replace("\\", "\\\\").replace('"', '\\"') + '"'


@dataclass
class Segment:
    """Straight-line part of a body: definitions, then the Checks that speak of them."""

    definitions: list[tuple[str, str]] = field(default_factory=list)
    checks: list[Lines] = field(default_factory=list)

    def before(self, rest: Lines) -> Lines:
        """The text of this part and what follows it."""
        definitions, lines = self._inlined(rest)
        body = followed(self.checks, lines)
        if not definitions:
            return body
        width = max(len(name) for name in definitions)
        texts = [f"{name:{width}} == {text}" for name, text in definitions.items()]
        return ["LET " + texts[0], *indent(texts[1:], 4), "IN", *indent(body, 2)]

    def _inlined(self, rest: Lines) -> tuple[dict[str, str], Lines]:
        """The definitions, less those that only say a variable's last value: they stand there."""
        definitions, lines = dict(self.definitions), list(rest)
        texts = [*definitions.values(), *(line for check in self.checks for line in check), *rest]
        used = Counter(word for text in texts for word in re.findall(r"\w+", text))
        single = [name for name in definitions if used[name] == 1]
        for name in reversed(single):
            place = re.compile(rf"(?<= = ){name}(?=$|,|\])")
            for number, line in enumerate(lines):
                if place.search(line) and "'" in line:
                    text = definitions.pop(name)
                    lines[number] = place.sub(lambda _: text, line)
                    break
        return definitions, lines


class ActionWriter:
    """Writes one body.

    end: what the action says of its last values, given the text of each variable that the
    body changed and the label that it goes to.  is_free: may this be a new name?  base: what
    the later values of a variable are named after.
    """

    def __init__(
        self, writer: TlaWriter, end: Callable[[Mapping[str, str], int], Lines], is_free: Callable[[str], bool],
        base: Callable[[str], str],
    ) -> None:  # fmt: skip
        self.writer, self.end, self.is_free, self.base = writer, end, is_free, base
        self.used: set[str] = set()

    def text(self, statements: tuple[Stmt, ...]) -> Lines:
        return self._list(statements, self.writer, Segment())

    def _name(self, base: str) -> str:
        """A new name: `base` with a number."""
        number = 1
        while f"{base}_{number}" in self.used or not self.is_free(f"{base}_{number}"):
            number += 1
        self.used.add(f"{base}_{number}")
        return f"{base}_{number}"

    def _list(self, statements: tuple[Stmt, ...], at: TlaWriter, segment: Segment) -> Lines:
        """Text of `statements`, which go on where `segment` has come to; `at`: the values there."""
        for position, statement in enumerate(statements):
            rest = statements[position + 1 :]
            match statement:
                case Goto(label):
                    return segment.before(
                        self.end({v: t for v, t in at.now.items() if t != self.writer.now[v]}, label)
                    )
                case Fail(name, text):
                    return segment.before([f"Assert(FALSE, {message(name, text)})"])
                case Choose():
                    return segment.before(self._choose(statement, rest, at))
                case If(cond, then, other) if has((statement,), Choose, Goto):
                    yes = self._list(then + rest, at.assuming(cond), Segment())
                    no = self._list(other + rest, at.assuming(cond, False), Segment())
                    return segment.before(
                        [f"IF {at.truth(cond)}", "THEN", *indent(yes, 2), "ELSE", *indent(no, 2)]
                    )
            at = self._straight(statement, at, segment, [])
        return segment.before(["FALSE"])

    def _choose(self, choose: Choose, rest: tuple[Stmt, ...], at: TlaWriter) -> Lines:
        variable = self.writer.variables[choose.var]
        name = self._name(self.base(choose.var))
        chosen = at.at({**at.now, choose.var: name}, at.known.chosen(choose.var, choose.lo, choose.hi))
        behind = self._list(rest, chosen.assuming(choose.where), Segment())
        if choose.where != Const(1):
            behind = followed([[guard(chosen.truth(choose.where))]], behind)
        return [f"\\E {name} \\in {values(choose.lo, choose.hi, variable.type)} :", *indent(behind, 2)]

    def _straight(self, statement: Stmt, at: TlaWriter, segment: Segment, under: list[str]) -> TlaWriter:
        """Add a statement that neither chooses nor ends the step; `under`: conditions of the Ifs
        around it.  Returns the values behind it."""
        match statement:
            case Assign(var, index, value):
                name = self._name(self.base(var))
                segment.definitions.append((name, at.updated(var, index, value)))
                return at.at({**at.now, var: name}, at.known.assigned(var, index, value))
            case Check(cond, name, text):
                self._check(at.truth(cond), name, text, segment, under)
                return at.assuming(cond)
            case Fail(name, text):
                self._check("FALSE", name, text, segment, under)
            case If():
                return self._merged(statement, at, segment, under)
        return at

    def _check(self, truth: str, name: str, text: str, segment: Segment, under: list[str]) -> None:
        condition = " /\\ ".join(under)
        wrong = f"Assert({truth}, {message(name, text)})"
        segment.checks.append([f"({condition}) => {wrong}" if under else wrong])

    def _merged(self, statement: If, at: TlaWriter, segment: Segment, under: list[str]) -> TlaWriter:
        """An If whose arms both lead on: a variable's value behind it is one of two."""
        cond = self._name("if")
        segment.definitions.append((cond, at.truth(statement.cond)))
        then, other = at.assuming(statement.cond), at.assuming(statement.cond, False)
        for inner in statement.then:
            then = self._straight(inner, then, segment, [*under, cond])
        for inner in statement.other:
            other = self._straight(inner, other, segment, [*under, f"~{cond}"])
        now = dict(at.now)
        for var in now:
            if then.now[var] != other.now[var]:
                now[var] = self._name(self.base(var))
                segment.definitions.append(
                    (now[var], f"IF {cond} THEN {then.now[var]} ELSE {other.now[var]}")
                )
        known = [
            arm.known for arm, body in ((then, statement.then), (other, statement.other)) if not _fails(body)
        ]
        return at.at(now, known[0].joined(known[-1]) if known else at.known)


def _fails(arm: tuple[Stmt, ...]) -> bool:
    return bool(arm) and isinstance(arm[-1], Fail)


def guard(truth: str) -> str:
    """A condition of an action.  TLC would try both sides of a disjunction, where the second
    makes sense only if the first is false; as a value it is evaluated from the left."""
    return f"TRUE = ({truth})" if "\\/" in truth else truth
