"""A process of a scenario -> a process of the IR: where it begins, loops, rests and ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from . import ir, lang
from .errors import ModelError, Problem
from .infer import Typed
from .liveness import Liveness
from .lower import Statements
from .lower_call import assignments
from .lower_flow import Emitter, reads_in
from .lower_graph import Node, Step
from .lower_scope import Bound, Scope, Slot
from .lower_value import CONST_0, FALSE, TRUE, Value, arith, compare, const, either, negate
from .types import World

OPERATION = "operation"  # the temporary that says which operation a thread starts


@dataclass
class Lowered:
    """A process with its locals."""

    process: ir.Process
    variables: list[ir.Variable]


class ProcessLowering(Statements):
    """Lowers one process (or the setup)."""

    def run(
        self, declared: lang.Process, functions: list[Typed], instances: int, argument: Value | None
    ) -> Lowered:
        """The process `declared`, which runs `functions`; argument: of each, if it has one."""
        entry = Node(reached=1)
        final = Node(step=Step(ir.Call("end"), (), guard=FALSE), reached=0)
        final.then = final
        first: list[Node] = []
        if declared.kind == "thread":
            entry.step = self._start(functions)
            self.cur = entry
            self._operations(functions, argument, entry)
            first.append(entry)
        else:
            where = self._at_function(functions[0])
            entry.where = where
            self.cur = entry
            begin = Node(where=where)
            self.goto(begin)
            self.at(begin)
            self._call(functions[0], argument)
            if declared.kind == "process":
                final.step.frames = where.frames
                self.goto(final)
            else:
                self.goto(begin)
                first.append(begin)
        if self.problems:
            raise ModelError(self.problems)
        return self._finish(declared, instances, entry, first, final)

    def setup(self, function: Typed, owner: str) -> tuple[tuple[ir.Stmt, ...], list[ir.Variable]]:
        """The setup as one body; its locals belong to the process `owner`."""
        self.owner_of_locals, self.guarded = owner, False
        entry, end = Node(reached=1), Node(step=Step(ir.Call("end"), ()))
        end.then = end
        self.cur, self.atomic = entry, Step(ir.Call("setup"), (), node=entry)
        entry.where = self.atomic
        self._call(function, None)
        self.goto(end)
        if self.problems:
            raise ModelError(self.problems)
        if self.atomic.guard != TRUE:
            text = f"in {function.function.name}(): the setup cannot wait"
            raise ModelError(
                Problem(
                    function.function.file, function.function.line, "late-wait", text, "Nothing runs yet."
                )
            )
        entry.step = self.atomic
        blocks, _, _ = Emitter(self.variables, self.temporaries).blocks(entry)
        blocks[0].body = _to_label_0(blocks[0].body)
        body = Liveness([blocks[0]], self.variables).cleaned(blocks[0])
        return body, _used(self.variables, [body])

    # where it begins

    def _at_function(self, typed: Typed) -> Step:
        pos = ir.Pos(self.file_names[typed.function.file], typed.function.line)
        return Step(ir.Call(typed.function.name), (ir.Frame(typed.function.name, pos),))

    def _start(self, functions: list[Typed]) -> Step:
        step = self._at_function(functions[0])
        if len(functions) > 1:
            step.call = ir.Call("start")
            step.frames = (ir.Frame(self.process, step.frames[0].pos),)
        step.guard = compare(">", Value(ir.Read(ir.OPS_LEFT), 0, 1 << 30), FALSE)
        step.starts = True
        return step

    def _operations(self, functions: list[Typed], argument: Value | None, entry: Node) -> None:
        """The start of a thread: one operation less is left; then any of the operations."""
        left = ir.Read(ir.OPS_LEFT)
        self.emit(ir.Assign(ir.OPS_LEFT, CONST_0, ir.Binary("-", left, const(1).expr)))
        names = tuple(f.function.name for f in functions)
        if len(functions) == 1:
            self._operation(functions[0], argument, entry)
            return
        type_ = ir.Type("enum", 0, len(names) - 1, OPERATION, names)
        variable = f"{self.process}:{OPERATION}"
        self.variables[variable] = ir.Variable(variable, type_, 1, (0,), self.process, label=OPERATION)
        self.emit(ir.Choose(variable, 0, len(names) - 1))
        self.emit(ir.Note("starts", ir.Read(variable), type_))
        chosen = Value(ir.Read(variable), 0, len(names) - 1)
        for number, function in enumerate(functions):
            this, others = self.fork(
                compare("==", chosen, const(number)) if number < len(names) - 1 else TRUE, ir.NOWHERE
            )  # fmt: skip
            self.at(this)
            self._operation(function, argument, entry)
            self.at(others)

    def _operation(self, function: Typed, argument: Value | None, entry: Node) -> None:
        self.starting = True
        self._call(function, argument)
        self.goto(entry)

    def _call(self, function: Typed, argument: Value | None) -> None:
        scope = Scope(function, {}, (function.function.name,))
        for param in function.function.params:
            value = argument if argument is not None else FALSE
            if assignments(function, param.name) > 0:
                type_ = function.params[param.name]
                variable = self._variable(param.name, type_, scope)
                self.emit(ir.Assign(variable.name, CONST_0, value.expr))
            else:
                scope.names[param.name] = Bound(value)
        self.inline(scope)
        if self.guarded:
            self._holds_nothing(scope)

    def _holds_nothing(self, scope: Scope) -> None:
        """Who has come to the end holds no lock, unless it was handed over: nobody else could release it."""
        for info in self.taken.values():
            for number in range(info.count):
                lock = Slot(info.var, const(number), info.type, info, "")
                holds = either(self.held(lock), self.reads(lock, self.me))
                message = f"it ends while it holds {self.world.label(info.field)}"
                self.check(negate(holds), ir.LEAK, message, scope, scope.function)
        self.flush()

    # blocks

    def _finish(
        self, declared: lang.Process, instances: int, entry: Node, first: list[Node], final: Node
    ) -> Lowered:
        emitter = Emitter(self.variables, self.temporaries)
        raw, start, inits = emitter.blocks(entry)
        for assign in inits:
            self._set_init(assign)
        liveness = Liveness(raw, self.variables)
        blocks = tuple(self._block(block, liveness) for block in raw)
        if declared.kind == "process":
            rests = {emitter.labels[id(final)]} if id(final) in emitter.labels else set()
        else:
            rests = {
                emitter.labels[id(n)] for node in first for n in _first_steps(node) if id(n) in emitter.labels
            }
        process = ir.Process(declared.name, declared.kind, instances, blocks, start, frozenset(rests))
        bodies = [block.body for block in blocks]
        used = _used(self.variables, bodies, [block.guard for block in blocks])
        names = {variable.name for variable in used}
        return Lowered(replace(process, blocks=tuple(replace(b, live=b.live & names) for b in blocks)), used)

    def _set_init(self, assign: ir.Assign) -> None:
        variable = self.variables[assign.var]
        init = list(variable.init)
        init[assign.index.value] = assign.value.value
        self.variables[assign.var] = replace(variable, init=tuple(init))

    def _block(self, raw: object, liveness: Liveness) -> ir.Block:
        step, live = raw.step, liveness.names(raw.label)
        known = [
            a
            for a in step.call.args
            if all(r.var in live or r.var not in self.variables for r in reads_in(a[1]))
        ]
        call = ir.Call(step.call.name, tuple(known))
        guard = step.guard.expr
        return ir.Block(
            raw.label, guard, liveness.cleaned(raw), call, step.frames, step.atomic, live, step.starts
        )  # fmt: skip


def _first_steps(start: Node) -> list[Node]:
    """The steps that local work from `start` leads to."""
    found, seen, queue = [], {id(start)}, [start]
    while queue:
        node = queue.pop()
        if node.step is not None:
            found.append(node)
            continue
        for target in node.next():
            if id(target) not in seen:
                seen.add(id(target))
                queue.append(target)
    return found


def _to_label_0(body: list[ir.Stmt] | tuple[ir.Stmt, ...]) -> list[ir.Stmt]:
    done: list[ir.Stmt] = []
    for stmt in body:
        if isinstance(stmt, ir.If):
            stmt = ir.If(stmt.cond, tuple(_to_label_0(stmt.then)), tuple(_to_label_0(stmt.other)), stmt.pos)
        done.append(ir.Goto(0) if isinstance(stmt, ir.Goto) else stmt)
    return done


def expressions(body: tuple[ir.Stmt, ...]) -> list[ir.Expr]:
    """Every expression of a body."""
    found: list[ir.Expr] = []
    for stmt in body:
        match stmt:
            case ir.Assign():
                found += (stmt.index, stmt.value)
            case ir.If():
                found += [stmt.cond, *expressions(stmt.then), *expressions(stmt.other)]
            case ir.Choose():
                found.append(stmt.where)
            case ir.Check():
                found.append(stmt.cond)
            case ir.Note():
                found.append(stmt.value)
    return found


def written(body: tuple[ir.Stmt, ...]) -> set[str]:
    """Every variable that a body may change."""
    found: set[str] = set()
    for stmt in body:
        if isinstance(stmt, (ir.Assign, ir.Choose)):
            found.add(stmt.var)
        elif isinstance(stmt, ir.If):
            found |= written(stmt.then) | written(stmt.other)
    return found


def _used(
    variables: dict[str, ir.Variable], bodies: list[tuple[ir.Stmt, ...]], others: list[ir.Expr] = []
) -> list[ir.Variable]:
    names = {read.var for body in bodies for expr in expressions(body) for read in reads_in(expr)}
    names |= {read.var for expr in others for read in reads_in(expr)}
    for body in bodies:
        names |= written(body)
    return [v for name, v in variables.items() if name in names]


def instances_of(declared: lang.Process, world: World) -> tuple[int, Value | None]:
    """How many instances of a process run, and the argument of its functions, if they have one."""
    if declared.per is None:
        return world.constant(declared.count), None
    count = world.count(declared.per)
    if count == 1:
        return 1, const(1)
    return count, arith("+", Value(ir.Instance(), 0, count - 1), const(1))
