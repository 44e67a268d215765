"""A process of a scenario -> a process of the IR: where it begins, loops, rests and ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .. import lang
from ..base.errors import ModelError, Problem
from ..ir import program as ir
from ..types.typed import Typed
from ..types.world import World
from .assignments import variable
from .builder import Builder
from .calls import assignments, inline
from .dead_locals import LiveLocals
from .flow import Emitter, RawBlock, reads_in
from .graph import BlockHead, FlowNode
from .lock_state import held, reads
from .scopes import Bound, Scope, Slot
from .values import CONST_0, FALSE, TRUE, Value, arith, compare, const, either, negate

MOST_PROCESSES = 4096  # alike
OPERATION = "operation"  # the temporary that says which operation a thread starts
FURTHER = "further"  # and this one whether any operation may follow, where their number is not counted


@dataclass
class Lowered:
    """A process with its locals."""

    process: ir.Process
    variables: list[ir.Variable]


def lowered_process(
    b: Builder, declared: lang.Process, functions: list[Typed], instances: int, argument: Value | None,
    any_number: bool = False,
) -> Lowered:  # fmt: skip
    """The process `declared`, which runs `functions`; argument: of each, if it has one.

    any_number: of operations, which are not counted then."""
    entry = FlowNode(reached=1)
    final = FlowNode(step=BlockHead(ir.Call("end"), (), guard=FALSE), reached=0)
    final.then = final
    first: list[FlowNode] = []
    if declared.kind == "thread":
        entry.step = _start(b, functions)
        b.cur = entry
        _operations(b, functions, argument, entry, any_number)
        first.append(entry)
    else:
        where = _at_function(b, functions[0])
        entry.where = where
        b.cur = entry
        begin = FlowNode(where=where)
        b.goto(begin)
        b.at(begin)
        _call(b, functions[0], argument)
        if declared.kind == "process":
            final.step.frames = where.frames
            b.goto(final)
        else:
            b.goto(begin)
            first.append(begin)
    if b.problems:
        raise ModelError(b.problems)
    return _finish(b, declared, instances, entry, first, final)


def lowered_setup(b: Builder, function: Typed, owner: str) -> tuple[tuple[ir.Stmt, ...], list[ir.Variable]]:
    """The setup as one body; its locals belong to the process `owner`."""
    b.owner_of_locals, b.guarded = owner, False
    entry, end = FlowNode(reached=1), FlowNode(step=BlockHead(ir.Call("end"), ()))
    end.then = end
    b.cur, b.atomic = entry, BlockHead(ir.Call("setup"), (), node=entry)
    entry.where = b.atomic
    _call(b, function, None)
    b.goto(end)
    if b.problems:
        raise ModelError(b.problems)
    if b.atomic.guard != TRUE:
        text = f"in {function.function.name}(): the setup cannot wait"
        raise ModelError(
            Problem(function.function.file, function.function.line, "late-wait", text, "Nothing runs yet.")
        )
    entry.step = b.atomic
    blocks, _, _ = Emitter(b.variables, b.temporaries).blocks(entry)
    blocks[0].body = _to_label_0(blocks[0].body)
    body = LiveLocals([blocks[0]], b.variables).cleaned(blocks[0])
    return body, _used(b.variables, [body])


# where it begins


def _at_function(b: Builder, typed: Typed) -> BlockHead:
    pos = ir.Pos(b.file_names[typed.function.file], typed.function.line)
    return BlockHead(ir.Call(typed.function.name), (ir.Frame(typed.function.name, pos),))


def _start(b: Builder, functions: list[Typed]) -> BlockHead:
    step = _at_function(b, functions[0])
    if len(functions) > 1:
        step.call = ir.Call("start")
        step.frames = (ir.Frame(b.process, step.frames[0].pos),)
    step.guard = compare(">", Value(ir.Read(ir.OPS_LEFT), 0, 1 << 30), FALSE)
    step.starts = True
    return step


def _operations(
    b: Builder, functions: list[Typed], argument: Value | None, entry: FlowNode, any_number: bool
) -> None:
    """The start of a thread: one operation less is left; then any of the operations."""
    left = _further(b) if any_number else ir.Binary("-", ir.Read(ir.OPS_LEFT), const(1).expr)
    b.emit(ir.Assign(ir.OPS_LEFT, CONST_0, left))
    names = tuple(f.function.name for f in functions)
    if len(functions) == 1:
        _operation(b, functions[0], argument, entry)
        return
    type_ = ir.Type("enum", 0, len(names) - 1, OPERATION, names)
    full = f"{b.process}:{OPERATION}"
    b.variables[full] = ir.Variable(full, type_, 1, (0,), b.process, label=OPERATION)
    b.emit(ir.Choose(full, 0, len(names) - 1))
    b.emit(ir.Note("starts", ir.Read(full), type_))
    chosen = Value(ir.Read(full), 0, len(names) - 1)
    for number, function in enumerate(functions):
        this, others = b.fork(
            compare("==", chosen, const(number)) if number < len(names) - 1 else TRUE, ir.NOWHERE
        )  # fmt: skip
        b.at(this)
        _operation(b, function, argument, entry)
        b.at(others)


def _further(b: Builder) -> ir.Expr:
    """Whether an operation may follow this one: a choice, so that every number of operations is some run's
    (decision 075)."""
    full = f"{b.process}:{FURTHER}"
    b.variables[full] = ir.Variable(full, ir.BOOL, 1, (0,), b.process, label=FURTHER)
    b.emit(ir.Choose(full, 0, 1))
    return ir.Read(full)


def _operation(b: Builder, function: Typed, argument: Value | None, entry: FlowNode) -> None:
    b.starting = True
    _call(b, function, argument)
    b.goto(entry)


def _call(b: Builder, function: Typed, argument: Value | None) -> None:
    scope = Scope(function, {}, (function.function.name,))
    for param in function.function.params:
        value = argument if argument is not None else FALSE
        if assignments(function, param.name) > 0:
            type_ = function.params[param.name]
            held = variable(b, param.name, type_, scope)
            b.emit(ir.Assign(held.name, CONST_0, value.expr))
        else:
            scope.names[param.name] = Bound(value)
    inline(b, scope)
    if b.guarded:
        _holds_nothing(b, scope)


def _holds_nothing(b: Builder, scope: Scope) -> None:
    """Who has come to the end holds no lock, unless it was handed over: nobody else could release it."""
    for info in b.taken.values():
        for number in range(info.count):
            lock = Slot(info.var, const(number), info.type, info, "")
            holds = either(held(b, lock), reads(b, lock, b.me))
            message = f"it ends while it holds {b.world.label(info.field)}"
            b.check(negate(holds), ir.LEAK, message, scope, scope.function)
    b.flush()


# blocks


def _finish(
    b: Builder, declared: lang.Process, instances: int, entry: FlowNode, first: list[FlowNode], final: FlowNode
) -> Lowered:
    emitter = Emitter(b.variables, b.temporaries)
    raw, start, inits = emitter.blocks(entry)
    for assign in inits:
        _set_init(b, assign)
    liveness = LiveLocals(raw, b.variables)
    blocks = tuple(_block(b, block, liveness) for block in raw)
    if declared.kind == "process":
        rests = {emitter.labels[id(final)]} if id(final) in emitter.labels else set()
    else:
        rests = {emitter.labels[id(n)] for node in first for n in _first_steps(node) if id(n) in emitter.labels}
    process = ir.Process(declared.name, declared.kind, instances, blocks, start, frozenset(rests))
    bodies = [block.body for block in blocks]
    used = _used(b.variables, bodies, [block.guard for block in blocks])
    names = {one.name for one in used}
    return Lowered(replace(process, blocks=tuple(replace(one, live=one.live & names) for one in blocks)), used)


def _set_init(b: Builder, assign: ir.Assign) -> None:
    local = b.variables[assign.var]
    init = list(local.init)
    init[assign.index.value] = assign.value.value
    b.variables[assign.var] = replace(local, init=tuple(init))


def _block(b: Builder, raw: RawBlock, liveness: LiveLocals) -> ir.Block:
    step, live = raw.step, liveness.names(raw.label)
    known = [a for a in step.call.args if all(r.var in live or r.var not in b.variables for r in reads_in(a[1]))]
    call = ir.Call(step.call.name, tuple(known))
    guard = step.guard.expr
    return ir.Block(
        raw.label, guard, liveness.cleaned(raw), call, step.frames, step.atomic, live, step.starts
    )  # fmt: skip


def _first_steps(start: FlowNode) -> list[FlowNode]:
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
        count = world.constant(declared.count)
        if not 1 <= count <= MOST_PROCESSES:
            text = f"process {declared.name}: count= is {count:,}"
            raise ModelError(Problem("", 0, "type", text, f"It is 1 to {MOST_PROCESSES:,}: leave the process out if it shall not run."))
        return count, None
    count = world.count(declared.per)
    if count == 1:
        return 1, const(1)
    return count, arith("+", Value(ir.Instance(), 0, count - 1), const(1))
