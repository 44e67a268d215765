"""One block of the IR as one step of Promela.

A step is a `d_step`: one transition, however many statements it has.  What it chooses is
chosen before it, and where several labels can follow, `next` says which one; all that is
one `atomic`, of which SPIN stores nothing but the end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...ir.program import Assign, Binary, Check, Choose, Const, Expr, Fail, Goto, If, Read, Stmt
from ..bodies import TRUE, Branch, Choices, Past, Pick, both, choice_name, choices, has, negation, possible
from ..ranges import Known
from .text import PromelaWriter, quoted

Lines = list[str]  # of one statement


def indent(lines: Lines) -> Lines:
    return ["\t" + line for line in lines]


def sequence(statements: list[Lines]) -> Lines:
    """The statements one after the other; no semicolon behind the last."""
    full = [s for s in statements if s]
    return [line for s in full[:-1] for line in [*s[:-1], s[-1] + ";"]] + (full[-1] if full else [])


def select(options: list[tuple[str, Lines]]) -> Lines:
    """An `if` with these guards and bodies."""
    lines = ["if"]
    for guard, body in options:
        if len(body) < 2:
            lines.append(f":: {guard} -> {body[0]}" if body else f":: {guard}")
        else:
            lines += [f":: {guard} ->", *indent(body)]
    return [*lines, "fi"]


def targets(statements: tuple[Stmt, ...]) -> set[int]:
    """The labels of all Gotos below `statements`."""
    found: set[int] = set()
    for statement in statements:
        if isinstance(statement, Goto):
            found.add(statement.label)
        elif isinstance(statement, If):
            found |= targets(statement.then) | targets(statement.other)
    return found


def assigned(statements: tuple[Stmt, ...]) -> dict[tuple[str, Expr], None]:
    """What is assigned below `statements`: variable and index, in order."""
    found: dict[tuple[str, Expr], None] = {}
    for statement in statements:
        match statement:
            case Assign(var, index):
                found[var, index] = None
            case Choose(var):
                found[var, Const(0)] = None
            case If(_, then, other):
                found |= assigned(then) | assigned(other)
    return found


def assigned_before_checks(statements: tuple[Stmt, ...]) -> dict[tuple[str, Expr], None]:
    """What may have been assigned where a Check or Fail below `statements` ends the step."""
    found: dict[tuple[str, Expr], None] = {}
    for position, statement in enumerate(statements):
        if has(statements[position + 1 :], Check, Fail):
            found |= assigned((statement,))
        elif isinstance(statement, If):
            found |= assigned_before_checks(statement.then) | assigned_before_checks(statement.other)
    return found


@dataclass(frozen=True)
class Body:
    """A body and what stands around it.

    number: of its labels D (the end) and F (where failing steps go).  guard: when it may
    run.  forget: the statements that a Goto implies.  judge: does it need a judgement by
    the transition invariants?
    """

    statements: tuple[Stmt, ...]
    number: int
    forget: Callable[[int], Lines]
    guard: Expr = TRUE
    judge: bool = False

    @property
    def can_fail(self) -> bool:
        return has(self.statements, Check, Fail)

    @property
    def targets(self) -> list[int]:
        return sorted(targets(self.statements))


class StepWriter:
    """Writes one body."""

    def __init__(self, writer: PromelaWriter, body: Body) -> None:
        self.writer, self.body = writer, body
        self.tree = choices(body.statements, Past(writer.variables))
        self.jumps = False  # to the end of the d_step

    # ------------------------------------------------------------ choices

    def choose(self) -> Lines:
        """Statements that choose; the first one waits for the guard."""
        return self._choose(self.tree, self.body.guard, self.writer.place.known)

    def _choose(self, tree: Choices, guard: Expr, known: Known) -> Lines:
        match tree:
            case Pick(number, options, rest):
                name = choice_name(number)
                picks = [
                    (self._cond(both(guard, when), known), [f"{name} = {value}"]) for value, when in options
                ]
                return sequence([select(picks), self._choose(rest, TRUE, known)]) if picks else ["false"]
            case Branch(cond, then, other):
                arms = []
                for one, arm in ((cond, then), (negation(cond), other)):
                    when = both(guard, both(one, possible(arm)))
                    arms.append(
                        (self._cond(when, known), self._choose(arm, TRUE, known.assume(one)) or ["skip"])
                    )
                return select(arms)
        return []

    def _cond(self, cond: Expr, known: Known) -> str:
        return "true" if cond == TRUE else self.writer.text(cond, known)

    # ------------------------------------------------------------ effects

    def d_step(self) -> Lines:
        """The step as one statement; it waits for the guard if nothing was chosen before."""
        body = self.body
        known = self.writer.place.known.assume(body.guard)
        effects = self._list(body.statements, known, 0, True)[0]
        waits = self.tree is None and body.guard != TRUE
        parts = [[f"{self.writer.text(body.guard)} ->"]] if waits else []
        saves, undos = self._saves() if body.can_fail else ([], [])
        around = [["BEFORE"]] if body.judge else []
        around += [[f"SAVE({'; '.join(saves)})"]] if saves else []
        around += [effects]
        if body.can_fail:
            around.append([f"UNDO({body.number}, {'; '.join(undos) or 'skip'})"])
        elif self.jumps:
            around.append([f"D{body.number}: skip"])
        around += [[f"{choice_name(n)} = 0"] for n in range(_depth(self.tree))]
        around += [["JUDGE"]] if body.judge else []
        lines = sequence(around) or ["skip"]
        return ["d_step {", *indent((parts[0] if parts else []) + lines), "}"]

    def _saves(self) -> tuple[list[str], list[str]]:
        """Statements that save what a failing step may have assigned, and those that undo it."""
        places: dict[str, None] = {}
        for var, index in assigned_before_checks(self.body.statements):
            variable = self.writer.variables[var]
            elements = [index.value] if isinstance(index, Const) else range(variable.count)
            places |= {
                self.writer.place_of(variable, str(e)): None for e in elements if e in range(variable.count)
            }
        numbered = list(enumerate(places))
        return [f"old[{n}] = {place}" for n, place in numbered], [
            f"{place} = old[{n}]" for n, place in numbered
        ]

    def _list(
        self, statements: tuple[Stmt, ...], known: Known, chosen: int, last: bool
    ) -> tuple[Lines, Known | None]:
        """Text of `statements`, and what is known behind them (None: they end the step).

        chosen: how many Chooses came before; last: nothing else follows in the step.
        """
        parts: list[Lines] = []
        for position, statement in enumerate(statements):
            match statement:
                case Assign(var, index, value):
                    parts.append(self._assign(var, index, value, known))
                    known = known.assigned(var, index, value)
                case Choose(var, lo, hi, where):
                    picked = Read(choice_name(chosen))
                    parts.append(self._assign(var, Const(0), picked, known))
                    known, chosen = known.chosen(var, lo, hi).assume(where), chosen + 1
                case Check(cond, name, message):
                    truth = self.writer.text(cond, known)
                    parts.append([f"CHECK({truth}, {self.body.number}, {quoted(name, message)})"])
                    known = known.assume(cond)
                case Fail(name, message):
                    return sequence([*parts, [f"FAIL({self.body.number}, {quoted(name, message)})"]]), None
                case Goto(label):
                    return sequence([*parts, *self._goto(label, last)]), None
                case If():
                    final = last and not has(statements[position + 1 :], *_EFFECTS)
                    lines, behind = self._if(statement, known, chosen, final)
                    parts.append(lines)
                    if behind is None:
                        return sequence(parts), None
                    known = behind
        return sequence(parts), known

    def _assign(self, var: str, index: Expr, value: Expr, known: Known) -> Lines:
        variable = self.writer.variables[var]
        inside = self.writer.inside(index, variable.count, known)
        if inside == "false":
            return []
        sure = known if inside == "true" else known.assume(_within(index, variable.count))
        text = f"{self.writer.element(var, index, sure)} = {self.writer.text(value, known, variable.type)}"
        return [text] if inside == "true" else select([(inside, [text]), ("else", [])])

    def _if(self, statement: If, known: Known, chosen: int, last: bool) -> tuple[Lines, Known | None]:
        yes, no = known.assume(statement.cond), known.assume(statement.cond, False)
        then, after_then = self._list(statement.then, yes, chosen, last)
        other, after_other = self._list(statement.other, no, chosen, last)
        behind = after_then.joined(after_other) if after_then else after_other
        if not then and not other:
            return [], behind
        return select([(self.writer.text(statement.cond, known), then), ("else", other)]), behind

    def _goto(self, label: int, last: bool) -> list[Lines]:
        parts = [[line] for line in self.body.forget(label)]
        if len(self.body.targets) > 1:
            parts.append([f"next = {label}"])
        if not last:
            self.jumps = True
            parts.append([f"goto D{self.body.number}"])
        return parts


_EFFECTS = (Assign, Choose, Check, Fail, Goto)


def _within(index: Expr, count: int) -> Expr:
    return Binary("and", Binary(">=", index, Const(0)), Binary("<", index, Const(count)))


def _depth(tree: Choices) -> int:
    """How many Chooses the longest path of `tree` has."""
    match tree:
        case Pick(number, _, rest):
            return max(number + 1, _depth(rest))
        case Branch(_, then, other):
            return max(_depth(then), _depth(other))
    return 0
