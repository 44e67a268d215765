"""Well-formedness of the IR: every engine may assume what is checked here."""

from __future__ import annotations

from ..base.errors import InternalError
from .program import (
    BINARY_OPS, UNARY_OPS, Assign, Binary, Block, Check, Choose, Const, Expr, Fail, Goto, If, Instance, Ite, Note,
    Process, Program, Read, Self, Stmt, Unary, Variable,
)  # fmt: skip

KINDS = ("bool", "int", "enum", "ref", "owner")
PROPERTY_KINDS = ("invariant", "transition", "reachable", "crash", "terminal", "leads_to")
DIVISIONS = ("//", "%")


def check_program(program: Program) -> None:
    """Raises InternalError that lists everything about `program` that breaks the rules of `checker.ir.program`."""
    problems = _Checker(program).run()
    if problems:
        raise InternalError(f"the IR of {program.name} is not well formed:\n  " + "\n  ".join(problems))


class _Checker:
    """Collects what is wrong; `where` says in which part of the program."""

    def __init__(self, program: Program) -> None:
        self.program, self.problems, self.where = program, [], "program"
        self.process: Process | None = None
        self.visible: set[str] = set()
        self.old = False
        self.runs = False  # is there somebody who takes the step at hand?
        self.shared = {v.name for v in program.variables if v.process is None}

    def run(self) -> list[str]:
        names = [v.name for v in self.program.variables]
        self.require(len(set(names)) == len(names), "two variables have one name")
        processes = [p.name for p in self.program.processes]
        self.require(
            bool(processes) and len(set(processes)) == len(processes), "processes need names of their own"
        )
        for variable in self.program.variables:
            self.variable(variable, processes)
        self.setup()
        for process in self.program.processes:
            self.check_process(process)
        self.properties()
        return self.problems

    def require(self, right: bool, text: str) -> None:
        if not right:
            self.problems.append(f"{self.where}: {text}")

    def variable(self, variable: Variable, processes: list[str]) -> None:
        self.where = variable.name
        type_ = variable.type
        self.require(type_.kind in KINDS, f"kind {type_.kind}")
        self.require(type_.lo <= type_.hi, "its range is empty")
        self.require(variable.count >= 1 and len(variable.init) == variable.count, "count and inits differ")
        self.require(all(type_.lo <= v <= type_.hi for v in variable.init), "an init is outside of the range")
        self.require(variable.per >= 1 and variable.count % variable.per == 0, "count is no multiple of per")
        self.require(
            variable.process is None or variable.process in processes, f"no process {variable.process}"
        )
        self.require(
            type_.kind != "enum" or len(type_.names) == type_.hi - type_.lo + 1, "names and range differ"
        )
        if variable.guard is not None:
            self.require(
                variable.guard.lock in self.shared, f"its guard {variable.guard.lock} is no shared variable"
            )

    # bodies

    def setup(self) -> None:
        self.where, self.runs = "setup", False
        self.visible = {v.name for v in self.program.variables}
        self.body(self.program.setup, 1)
        self.require(_ends(self.program.setup), "a path does not end")

    def check_process(self, process: Process) -> None:
        self.where, self.process, self.runs = process.name, process, True
        own = {v.name for v in self.program.variables if v.process == process.name}
        self.visible = self.shared | own
        self.require(process.instances >= 1, "no instances")
        self.require(
            not process.names or len(process.names) == process.instances, "not a name for each instance"
        )
        self.require(0 <= process.entry < len(process.blocks), f"no entry {process.entry}")
        self.require(all(0 <= r < len(process.blocks) for r in process.rests), "rests at no label")
        for label, block in enumerate(process.blocks):
            self.where = f"{process.name} {label}"
            self.block(block, label, own, len(process.blocks))
        self.where = process.name
        unreached = set(range(len(process.blocks))) - _reached(process)
        self.require(not unreached, f"no path leads to {sorted(unreached)}")

    def block(self, block: Block, label: int, own: set[str], labels: int) -> None:
        self.require(block.label == label, f"is labelled {block.label}")
        self.require(block.live <= own, f"live locals of nobody: {sorted(block.live - own)}")
        self.expr(block.guard)
        self.body(block.body, labels)
        self.require(_ends(block.body), "a path does not end in Goto or Fail")
        for _, value, _ in block.call.args:
            self.expr(value)
        used = _used_before_set(block.body, frozenset()) | _reads(block.guard)
        dead = {n for n in used if n in own and n not in block.live}
        self.require(not dead, f"uses locals that are not live: {sorted(dead)}")

    def body(self, body: tuple[Stmt, ...], labels: int) -> None:
        for position, stmt in enumerate(body):
            last = position == len(body) - 1
            self.require(last or not isinstance(stmt, (Goto, Fail)), "statements behind Goto or Fail")
            self.statement(stmt, last, labels)

    def statement(self, stmt: Stmt, last: bool, labels: int) -> None:
        match stmt:
            case Assign():
                self.require(stmt.var in self.visible, f"assigns to {stmt.var}")
                self.expr(stmt.index)
                self.expr(stmt.value)
            case If():
                self.expr(stmt.cond)
                self.body(stmt.then, labels)
                self.body(stmt.other, labels)
                chooses = _chooses(stmt.then) or _chooses(stmt.other)
                self.require(
                    last or not chooses, "a Choose in an arm of an If that is not the last statement"
                )
            case Choose():
                variable = self.program.by_name.get(stmt.var)
                right = variable is not None and variable.process is not None and variable.count == 1
                self.require(
                    right and stmt.var in self.visible, f"chooses {stmt.var}, which is no local scalar"
                )
                self.require(stmt.lo <= stmt.hi, "chooses from nothing")
                fits = right and variable.type.lo <= stmt.lo and stmt.hi <= variable.type.hi
                self.require(fits, f"chooses {stmt.var} outside of its range")
                self.expr(stmt.where)
            case Check():
                self.expr(stmt.cond)
                self.require(bool(stmt.name and stmt.message), "a Check without name or message")
            case Note():
                self.expr(stmt.value)
            case Goto():
                self.require(0 <= stmt.label < labels, f"goes to {stmt.label}")
            case Fail():
                self.require(bool(stmt.name and stmt.message), "a Fail without name or message")
            case _:
                self.require(False, f"{stmt!r} is no statement")

    def expr(self, expr: Expr) -> None:
        stack = [expr]
        while stack:
            one = stack.pop()
            match one:
                case Const():
                    pass
                case Read():
                    self.require(one.var in self.visible, f"reads {one.var}")
                    self.require(self.old or not one.old, f"old({one.var}) outside of a transition invariant")
                    stack.append(one.index)
                case Self() | Instance():
                    self.require(self.runs, f"{type(one).__name__} where nobody runs")
                case Unary():
                    self.require(one.op in UNARY_OPS, f"operator {one.op}")
                    stack.append(one.operand)
                case Binary():
                    self.require(one.op in BINARY_OPS, f"operator {one.op}")
                    if one.op in DIVISIONS:
                        right = isinstance(one.right, Const) and one.right.value > 0
                        self.require(right, "a divisor that is no positive constant")
                    stack += (one.left, one.right)
                case Ite():
                    stack += (one.cond, one.then, one.other)
                case _:
                    self.require(False, f"{one!r} is no expression")

    # properties

    def properties(self) -> None:
        self.visible, self.runs = self.shared, False
        names = [p.name for p in self.program.properties]
        self.require(len(set(names)) == len(names), "two properties have one name")
        for prop in self.program.properties:
            self.where, self.old = prop.name, prop.kind == "transition"
            self.require(prop.kind in PROPERTY_KINDS, f"kind {prop.kind}")
            self.require(not prop.witness or prop.witness in names, f"no witness {prop.witness}")
            wanted = len(prop.instances) if prop.kind == "leads_to" else 0
            self.require(len(prop.target) == wanted, "not a target for each instantiation")
            for one in prop.instances:
                self.expr(one.expr)
                if one.premise is not None:
                    self.expr(one.premise)
            for target in prop.target:
                self.expr(target)


def _ends(body: tuple[Stmt, ...]) -> bool:
    """Does every path through `body` end in Goto or Fail?"""
    last = body[-1] if body else None
    if isinstance(last, If):
        return _ends(last.then) and _ends(last.other)
    return isinstance(last, (Goto, Fail))


def _chooses(body: tuple[Stmt, ...]) -> bool:
    return any(isinstance(s, Choose) or isinstance(s, If) and _chooses(s.then + s.other) for s in body)


def _targets(body: tuple[Stmt, ...]) -> set[int]:
    found: set[int] = set()
    for stmt in body:
        if isinstance(stmt, Goto):
            found.add(stmt.label)
        elif isinstance(stmt, If):
            found |= _targets(stmt.then) | _targets(stmt.other)
    return found


def _reached(process: Process) -> set[int]:
    found = {process.entry}
    queue = [process.entry]
    while queue:
        label = queue.pop()
        if 0 <= label < len(process.blocks):
            new = _targets(process.blocks[label].body) - found
            found |= new
            queue += new
    return found


def _reads(expr: Expr) -> set[str]:
    match expr:
        case Read():
            return {expr.var} | _reads(expr.index)
        case Unary():
            return _reads(expr.operand)
        case Binary():
            return _reads(expr.left) | _reads(expr.right)
        case Ite():
            return _reads(expr.cond) | _reads(expr.then) | _reads(expr.other)
    return set()


def _used_before_set(body: tuple[Stmt, ...], known: frozenset[str]) -> set[str]:
    """Variables that some path through `body` reads before it sets them."""
    return _scan(body, set(known))[0]


def _scan(body: tuple[Stmt, ...], known: set[str]) -> tuple[set[str], set[str] | None]:
    """What is read before it is set, and what is set on all paths to the end (None: no path comes there)."""
    used: set[str] = set()
    for stmt in body:
        match stmt:
            case Assign():
                used |= (_reads(stmt.value) | _reads(stmt.index)) - known
                if stmt.index == Const(0):
                    known.add(stmt.var)
            case Choose():
                known.add(stmt.var)
                used |= _reads(stmt.where) - known
            case Check():
                used |= _reads(stmt.cond) - known
            case Note():
                used |= _reads(stmt.value) - known
            case If():
                used |= _reads(stmt.cond) - known
                left, then = _scan(stmt.then, set(known))
                right, other = _scan(stmt.other, set(known))
                used |= left | right
                if then is None and other is None:
                    return used, None
                known = other if then is None else then if other is None else then & other
            case Goto() | Fail():
                return used, None
    return used, known
