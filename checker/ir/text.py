"""The IR as text: one line for each statement, the source beside each block."""

from __future__ import annotations

from .program import (
    ANY, Assign, Binary, Block, Check, Choose, Const, Expr, Fail, Goto, If, Instance, Ite, Note, Process, Program,
    Property, Read, Self, Stmt, Type, Unary, Variable,
)  # fmt: skip

MARGIN = 72  # column of the comments
RANK = {
    "or": 1,
    "and": 2,
    "==": 4,
    "!=": 4,
    "<": 4,
    "<=": 4,
    ">": 4,
    ">=": 4,
    "+": 5,
    "-": 5,
    "*": 6,
    "//": 6,
    "%": 6,
}
TIGHTEST = 9


def to_text(program: Program) -> str:
    """The whole program; equal programs have equal texts."""
    bound = ANY if program.any_number else program.bound
    lines = [f"program {program.name}" + (f", bound {bound}" if bound is not None else "")]
    if program.constants:
        lines.append("constants " + ", ".join(f"{name} = {value}" for name, value in program.constants))
    if program.structs:
        symmetric = ("" if name not in program.symmetric else " symmetric" for name, _ in program.structs)
        lines.append(
            "structs " + ", ".join(f"{n}[{count}]{s}" for (n, count), s in zip(program.structs, symmetric))
        )
    lines += ["", *(_variable(v) for v in program.variables)]
    if program.setup != (Goto(0),):
        lines += ["", "setup", *_body(program.setup, 1)]
    for process in program.processes:
        lines += ["", *_process(process)]
    for prop in program.properties:
        lines += ["", *_property(prop)]
    return "\n".join(lines) + "\n"


def _variable(variable: Variable) -> str:
    words = [f"{variable.name}: {type_text(variable.type)}"]
    if variable.count > 1:
        words[0] += f" [{variable.count}]"
    words.append("shared" if variable.process is None else f"local of {variable.process}")
    if variable.ghost:
        words.append("ghost")
    if variable.lock:
        words.append(variable.lock)
    if variable.guard is not None:
        same = (
            ""
            if variable.guard.same is None
            else f"[i // {variable.guard.same}]"
            if variable.guard.same > 1
            else "[i]"
        )
        words.append(f"{'guard' if variable.guard.reads else 'write_guard'} {variable.guard.lock}{same}")
    equal = len(set(variable.init)) == 1
    words.append(f"= {variable.init[0] if equal else list(variable.init)}")
    return " ".join(words)


def type_text(type_: Type) -> str:
    """A type: "bool", "0..3", "Size 0..8", "Errno{OK,EIO}", "ref Folio 0..2", "owner 0..3"."""
    if type_.kind == "bool":
        return "bool"
    if type_.kind == "enum":
        return f"{type_.name}{{{','.join(type_.names)}}}"
    name = f"ref {type_.name}" if type_.kind == "ref" else type_.kind if type_.kind == "owner" else type_.name
    return f"{name} {type_.lo}..{type_.hi}".strip()


def _process(process: Process) -> list[str]:
    head = f"{process.kind} {process.name}" + (f" x {process.instances}" if process.instances > 1 else "")
    rests = ", ".join(map(str, sorted(process.rests))) or "nowhere"
    lines = [f"{head}: begins at {process.entry}, rests at {rests}"]
    for block in process.blocks:
        lines += block_text(block)
    return lines


def block_text(block: Block) -> list[str]:
    """The lines of one block; the head's comment is its call chain."""
    args = ", ".join(f"{name}={text(value)}" for name, value, _ in block.call.args)
    call = f"{block.call.name}({args})" if block.call.name.isidentifier() else block.call.name
    head = f"{block.label:>3}: " + (f"atomic: {block.atomic}" if block.atomic else call)
    where = " > ".join(f"{f.function} {f.pos.file}:{f.pos.line}" for f in block.frames)
    lines = [f"{head:<{MARGIN}}  # {where}" if where else head]
    if block.live:
        lines.append("     live " + ", ".join(sorted(block.live)))
    if block.guard != Const(1):
        lines.append("     when " + text(block.guard))
    return lines + _body(block.body, 2)


def _body(body: tuple[Stmt, ...], depth: int) -> list[str]:
    lines: list[str] = []
    for stmt in body:
        lines += _statement(stmt, depth)
    return lines


def _statement(stmt: Stmt, depth: int) -> list[str]:
    space = "   " * depth
    match stmt:
        case Assign():
            return [f"{space}{_place(stmt.var, stmt.index)} := {text(stmt.value)}"]
        case If():
            lines = [f"{space}if {text(stmt.cond)}:", *_body(stmt.then, depth + 1)]
            return lines + ([f"{space}else:", *_body(stmt.other, depth + 1)] if stmt.other else [])
        case Choose():
            where = "" if stmt.where == Const(1) else f" where {text(stmt.where)}"
            return [f"{space}choose {stmt.var} in {stmt.lo}..{stmt.hi}{where}"]
        case Check():
            return [f"{space}check {text(stmt.cond)} else {stmt.name}: {stmt.message}"]
        case Fail():
            return [f"{space}fail {stmt.name}: {stmt.message}"]
        case Note():
            what = stmt.text + " " if stmt.text else ""
            return [f"{space}note {what}= {text(stmt.value)} ({type_text(stmt.type)})"]
        case Goto():
            return [f"{space}goto {stmt.label}"]
    raise TypeError(f"not a statement: {stmt!r}")


def _place(var: str, index: Expr) -> str:
    return var if index == Const(0) else f"{var}[{text(index)}]"


def text(expr: Expr, rank: int = 0) -> str:
    """An expression, with the parentheses that it needs."""
    match expr:
        case Const():
            return str(expr.value)
        case Read():
            place = _place(expr.var, expr.index)
            return f"old({place})" if expr.old else place
        case Self():
            return "self"
        case Instance():
            return "instance"
        case Unary():
            if expr.op == "-":
                inner = "-" + text(expr.operand, TIGHTEST)
                return inner if rank < TIGHTEST else f"({inner})"
            inner = "not " + text(expr.operand, 3)
            return inner if rank <= 3 else f"({inner})"
        case Binary(op=("min" | "max")):
            return f"{expr.op}({text(expr.left)}, {text(expr.right)})"
        case Binary():
            own = RANK[expr.op]
            left = text(expr.left, own + 1 if own == 4 else own)
            inner = f"{left} {expr.op} {text(expr.right, own + 1)}"
            return f"({inner})" if own < rank else inner
        case Ite():
            inner = f"{text(expr.then, 1)} if {text(expr.cond, 1)} else {text(expr.other, 1)}"
            return f"({inner})" if rank > 0 else inner
    raise TypeError(f"not an expression: {expr!r}")


def _property(prop: Property) -> list[str]:
    extra = [f"witness {prop.witness}"] if prop.witness else []
    extra += [f"from bound {prop.from_bound}"] if prop.from_bound else []
    extra += [f"fair {', '.join(prop.fair)}"] if prop.fair else []
    lines = [" ".join([f"{prop.kind} {prop.name}", *extra]) + f"  # {prop.doc}"]
    for number, one in enumerate(prop.instances):
        binding = ", ".join(f"{name} = {value}" for name, value in one.binding)
        lines.append(f"   {'for ' + binding + ': ' if binding else ''}{text(one.expr)}")
        if one.premise is not None:
            lines.append(f"      premise {text(one.premise)}")
        if prop.target:
            lines.append(f"      leads to {text(prop.target[number])}")
    return lines
