"""Types of expressions, and what evaluating them does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any, Protocol

from .. import lang
from ..base.errors import ModelError, Problem
from ..ir import program as ir
from ..parse import tree as t
from .intervals import arithmetic
from .typed import Typed
from .world import UNKNOWN, VOID, AnyType, ArrayType, LockType, PlaceType, RecordType, World, agree, join, shown

TRUTH = {
    "int": "Write n > 0.",
    "ref": "Write x is not None.",
    "enum": "Write err != OK.",
    "none": "Write x is not None.",
}
SHARED_OPS = ("acquire_shared", "try_acquire_shared", "release_shared", "held_shared")
SYMMETRIC = "Compare them, or leave out symmetric=True."
LOOKS = ("held", "is_locked", "held_shared")
GENERIC = (lang.Place, lang.Record)  # types of parameters that have the type of the argument


class Wrong(Exception):
    """An expression is wrong; the problem is recorded already."""


class TypedFunctions(Protocol):
    """What the type of a call is asked of: `infer.Inference`.

    stack: the functions that are being looked at, each called by the one before."""

    world: World
    stack: Sequence[FunctionType]
    parse: Callable[[FunctionType], t.Function]

    def function(self, function: FunctionType, places: tuple[AnyType, ...]) -> Typed | None: ...

    def add(self, problem: Problem) -> None: ...


class ExpressionTyper:
    """Types the expressions of one function."""

    def __init__(
        self, inference: TypedFunctions, declared: FunctionType, tree: t.Function, places: tuple[AnyType, ...]
    ) -> None:
        self.inference, self.world, self.tree = inference, inference.world, tree
        remaining = list(places)
        params: dict[str, AnyType] = {}
        for param in tree.params:
            params[param.name] = (
                remaining.pop(0) if param.annotation in GENERIC and remaining else self.declared(param.annotation)
            )
        self.typed = Typed(tree, declared, params)
        self.typed.result = VOID if tree.result is None else self.declared(tree.result)
        self.locals: dict[str, AnyType] = dict(params)
        self.fixed = set(params)  # locals with a declared type
        self.growing: dict[str, int] = {}  # line of the assignment that changed a type last
        self.inner: list[tuple[str, AnyType]] = []
        self.in_step = tree.kind == "primitive"
        self.problems: list[Problem] = []

    def declared(self, annotation: Any) -> AnyType:
        if isinstance(annotation, type) and issubclass(annotation, lang.Record):
            return RecordType(annotation)
        if annotation is lang.Place:
            return PlaceType(UNKNOWN, None)
        return UNKNOWN if annotation is None else self.world.type(annotation)

    # problems

    def refuse(self, line: int, rule: str, text: str, remedy: str) -> None:
        self.problems.append(Problem(self.tree.file, line, rule, f"in {self.tree.name}(): {text}", remedy))

    def wrong(self, node: t.Node, rule: str, text: str, remedy: str) -> Wrong:
        self.refuse(node.line, rule, text, remedy)
        return Wrong()

    # places

    def place(self, node: t.Node) -> PlaceType:
        """The variable that `node` names, as a target or as an argument for a Place."""
        if isinstance(node, t.Local):
            known = self.lookup(node)
            if isinstance(known, PlaceType):
                return known
            if isinstance(known, ir.Type) and not any(name == node.name for name, _ in self.inner):
                return PlaceType(known, None)
        elif isinstance(node, t.Attr):
            found = self.field(node)
            if found.count is None:
                type_ = ir.Type("owner", 0, 0) if found.lock else self.world.type(found.type)
                return PlaceType(type_, found)
        elif isinstance(node, t.Item) and isinstance(node.base, t.Attr):
            found = self.field(node.base)
            if found.count is not None:
                self.index(node.index)
                return PlaceType(self.world.type(found.type), found)
        raise self.wrong(
            node, "type", "this is no variable", "Name a field, an element of an array, or a local."
        )

    def field(self, node: t.Attr) -> lang.Field:
        """The field that `x.name` means."""
        base = self.type(node.base)
        if isinstance(base, RecordType):
            struct = base.record
        elif isinstance(base, ir.Type) and base.kind == "ref":
            struct = self.world.struct_of(base)
        elif base is UNKNOWN:
            raise Wrong()
        else:
            raise self.wrong(
                node, "type", f"{shown(base)} has no fields", "Only instances and records have fields."
            )
        if node.name not in struct.fields:
            known = ", ".join(struct.fields)
            raise self.wrong(
                node, "unknown-name", f"{struct.__name__} has no field {node.name}", f"It has {known}."
            )
        found = struct.fields[node.name]
        self.world.field(found)
        return found

    def read(self, node: t.Node, found: lang.Field) -> None:
        if issubclass(found.struct, lang.Struct):
            self.typed.reads.add(found)
            self.impure(node, f"reads {found.struct.__name__}.{found.name}")

    def impure(self, node: t.Node, what: str) -> None:
        if self.tree.kind == "pure":
            self.refuse(
                node.line, "impure", f"a pure function {what}", "Make it a @primitive, or pass the value."
            )

    # expressions

    def condition(self, node: t.Node) -> None:
        """`node` has to be bool."""
        type_ = self.type(node)
        if type_ not in (ir.BOOL, UNKNOWN):
            kind = type_.kind if isinstance(type_, ir.Type) else ""
            text = f"a condition is {shown(type_)}, not true or false"
            raise self.wrong(node, "truthiness", text, TRUTH.get(kind, "Write a condition."))

    def type(self, node: t.Node) -> AnyType:
        """The type of an expression, which is kept in `types`; raises Wrong."""
        found = getattr(self, "_" + type(node).__name__.lower())(node)
        self.typed.types[id(node)] = found
        return found

    def lookup(self, node: t.Local) -> AnyType:
        for name, known in reversed(self.inner):
            if name == node.name:
                return known
        return self.locals.get(node.name, UNKNOWN)

    def _global(self, node: t.Global) -> AnyType:
        if isinstance(node.value, type):
            raise self.wrong(
                node, "type", f"{node.name} is a struct, not an instance", f"{node.name}[0] is an instance."
            )
        if isinstance(node.value, lang.Instance):
            struct, number = node.value.struct, self.world.constant(node.value.number)
            if not 0 <= number < self.world.count(struct):
                text = f"{struct.__name__} has no instance {number}"
                raise self.wrong(node, "type", text, f"It has 0..{self.world.count(struct) - 1}.")
            self.world.used.setdefault(struct)
            if struct.symmetric:
                text = f"{node.name} singles out one {struct.__name__} of many alike"
                raise self.wrong(node, "symmetric", text, SYMMETRIC)
        return self.world.type_of_value(node.value)

    def _local(self, node: t.Local) -> AnyType:
        known = self.lookup(node)
        if isinstance(known, PlaceType):
            if known.field is not None:
                if known.field.lock:
                    return LockType(known.field)
                self.read(node, known.field)
            return known.type
        return known

    def _attr(self, node: t.Attr) -> AnyType:
        found = self.field(node)
        if found.lock:
            return LockType(found)
        if found.count is not None:
            return ArrayType(found)
        self.read(node, found)
        return self.world.type(found.type)

    def _item(self, node: t.Item) -> AnyType:
        if isinstance(node.base, t.Global) and isinstance(node.base.value, type):
            struct = node.base.value
            self.index(node.index)
            if struct.symmetric:
                text = f"instances of {struct.__name__} are interchangeable and have no numbers"
                raise self.wrong(node, "symmetric", text, SYMMETRIC)
            self.world.used.setdefault(struct)
            return self.world.ref(struct)
        base = self.type(node.base)
        if not isinstance(base, ArrayType):
            raise self.wrong(
                node, "type", f"{shown(base)} cannot be indexed", "Arrays and structs are indexed."
            )
        self.index(node.index)
        self.read(node, base.field)
        return self.world.type(base.field.type)

    def index(self, node: t.Node) -> None:
        type_ = self.type(node)
        if not isinstance(type_, ir.Type) or type_.kind not in ("int", "?"):
            raise self.wrong(
                node, "type", f"an index is {shown(type_)}, not an integer", "number(x) is an instance's."
            )

    def _number(self, node: t.Number) -> AnyType:
        type_ = self.type(node.operand)
        if type_ is UNKNOWN:
            return UNKNOWN
        if not isinstance(type_, ir.Type) or type_.kind != "ref":
            raise self.wrong(node, "type", f"{shown(type_)} has no number", "Instances of structs have.")
        if self.world.struct_of(type_).symmetric:
            text = f"instances of {type_.name} are interchangeable and have no numbers"
            raise self.wrong(node, "symmetric", text, SYMMETRIC)
        return ir.int_type(0, type_.hi - 1)

    def integer(self, node: t.Node, op: str) -> ir.Type:
        type_ = self.type(node)
        if isinstance(type_, ir.Type) and type_.kind in ("int", "?"):
            return type_
        rule = (
            "symmetric"
            if isinstance(type_, ir.Type) and type_.kind == "ref" and self.world.struct_of(type_).symmetric
            else "type"
        )
        raise self.wrong(
            node,
            rule,
            f"`{op}` takes integers, not {shown(type_)}",
            "Compare for equality, or use number(x).",
        )

    def _unary(self, node: t.Unary) -> AnyType:
        if node.op == "not":
            self.condition(node.operand)
            return ir.BOOL
        type_ = self.integer(node.operand, "-")
        return type_ if type_ is UNKNOWN else ir.int_type(-type_.hi, -type_.lo)

    def _binary(self, node: t.Binary) -> AnyType:
        if node.op in ("==", "!="):
            left, right = self.type(node.left), self.type(node.right)
            scalars = isinstance(left, ir.Type) and isinstance(right, ir.Type)
            if not scalars or not (agree(left, right) or agree(right, left)):
                raise self.wrong(
                    node,
                    "type",
                    f"{shown(left)} is compared with {shown(right)}",
                    "Compare values of one type.",
                )
            return ir.BOOL
        left, right = self.integer(node.left, node.op), self.integer(node.right, node.op)
        if node.op in ir.COMPARISONS:
            return ir.BOOL
        if UNKNOWN in (left, right):
            return UNKNOWN
        if node.op in ("//", "%") and not (left and right.lo == right.hi > 0):
            text = f"the divisor of {node.op} is {shown(right)}"
            raise self.wrong(node, "divisor", text, "Divide by a positive constant.")
        lo, hi = arithmetic(node.op, (left.lo, left.hi), (right.lo, right.hi))
        return ir.int_type(lo, hi, left.name if node.op in ("min", "max") and left.name == right.name else "")

    def _logic(self, node: t.Logic) -> AnyType:
        for operand in node.operands:
            self.condition(operand)
        return ir.BOOL

    def _cond(self, node: t.Cond) -> AnyType:
        self.condition(node.test)
        left, right = self.type(node.then), self.type(node.other)
        joined = join(left, right) if isinstance(left, ir.Type) and isinstance(right, ir.Type) else None
        if joined is None:
            raise self.wrong(
                node, "type", f"either {shown(left)} or {shown(right)}", "Both values need one type."
            )
        return joined

    def source(self, source: t.Each | t.Span, node: t.Node) -> AnyType:
        """The type of what a loop or generator runs over."""
        if isinstance(source, t.Each):
            if isinstance(node, t.For) and source.struct.symmetric:
                text = (
                    f"a loop visits the instances of {source.struct.__name__} in an order, and they have none"
                )
                self.refuse(
                    node.line, "symmetric", text, "Use any(...), all(...), choose(...); or no symmetric=True."
                )
            self.world.used.setdefault(source.struct)
            return self.world.ref(source.struct)
        lo, hi = self.integer(source.lo, "range"), self.integer(source.hi, "range")
        return (
            UNKNOWN
            if UNKNOWN in (lo, hi)
            else ir.int_type(lo.lo, max(hi.hi - 1, lo.lo), lo.name if lo.name == hi.name else "")
        )

    def generator(self, over: t.Generator, node: t.Node) -> AnyType:
        variable = self.source(over.source, node)
        self.inner.append((over.var, variable))
        try:
            if over.condition is not None:
                self.condition(over.condition)
            return variable if over.value is None else self.type(over.value)
        finally:
            self.inner.pop()

    def _quantifier(self, node: t.Quantifier) -> AnyType:
        type_ = self.generator(node.over, node)
        if node.kind != "sum":
            if type_ not in (ir.BOOL, UNKNOWN):
                raise self.wrong(
                    node, "truthiness", f"{node.kind}() runs over {shown(type_)}, not conditions", "Compare."
                )
            return ir.BOOL
        if not isinstance(type_, ir.Type) or type_.kind not in ("int", "bool", "?"):
            raise self.wrong(
                node, "type", f"sum() of {shown(type_)}", "Only integers and conditions are added."
            )
        source = node.over.source
        times = self.world.count(source.struct) if isinstance(source, t.Each) else self.span_length(source)
        return ir.int_type(min(0, type_.lo) * times, max(0, type_.hi) * times)

    def span_length(self, span: t.Span) -> int:
        lo, hi = self.typed.types[id(span.lo)], self.typed.types[id(span.hi)]
        return max(0, hi.hi - lo.lo)

    def _choose(self, node: t.Choose) -> AnyType:
        self.typed.chooses = True
        self.impure(node, "chooses")
        if node.over is not None:
            self.typed.conditional |= node.over.condition is not None
            return self.generator(node.over, node)
        found: ir.Type = UNKNOWN
        for value in node.values:
            type_ = self.type(value)
            joined = join(found, type_) if isinstance(type_, ir.Type) else None
            if joined is None:
                raise self.wrong(
                    node, "type", f"choose() between {shown(found)} and {shown(type_)}", "Values of one type."
                )
            found = joined
        return found

    def _call(self, node: t.Call) -> AnyType:
        if node.function in self.inference.stack:
            start = self.inference.stack.index(node.function)
            chain = " -> ".join(f"{f.__name__}()" for f in [*self.inference.stack[start:], node.function])
            raise self.wrong(node, "recursion", f"recursion: {chain}", "Write a loop; calls are inlined.")
        wanted = self._params_of(node)
        places = []
        given: list[AnyType] = []
        for param, arg in zip(wanted, node.args):
            is_place = param.annotation is lang.Place
            found = self.place(arg) if is_place else self.type(arg)
            given.append(found)
            if is_place and found.type is UNKNOWN:
                return UNKNOWN
            if is_place or (param.annotation is lang.Record and isinstance(found, RecordType)):
                places.append(found)
        callee = self.inference.function(node.function, tuple(places))
        if callee is None:
            raise Wrong()
        self.typed.calls[id(node)] = callee
        if self.tree.kind == "pure" and callee.function.kind != "pure":
            self.impure(node, f"calls {callee.function.name}(), which is not pure")
        for param, arg, type_ in zip(wanted, node.args, given):
            self.check_argument(node, param, callee.params[param.name], arg, type_)
        return callee.result

    def _params_of(self, node: t.Call) -> list[t.Param]:
        try:
            params = self.inference.parse(node.function).params
        except ModelError as error:
            for problem in error.problems:
                self.inference.add(problem)
            raise Wrong() from None
        if len(params) != len(node.args):
            text = f"{node.function.__name__}() takes {len(params)} arguments, not {len(node.args)}"
            raise self.wrong(
                node, "type", text, f"{node.function.__name__}({', '.join(p.name for p in params)})"
            )
        return params

    def check_argument(
        self, node: t.Call, param: t.Param, wanted: AnyType, arg: t.Node, given: AnyType
    ) -> None:
        if isinstance(wanted, PlaceType):
            if isinstance(arg, t.Local):
                self.typed.placed.add(arg.name)
            if wanted.field is None or issubclass(wanted.field.struct, lang.Record):
                self.typed.changes_caller = self.typed.changes_caller or isinstance(
                    self.locals.get(getattr(arg, "name", "")), PlaceType
                )
            return
        if given is VOID or not agree(wanted, given):
            text = f"{param.name} of {node.function.__name__}() is {shown(wanted)}, not {shown(given)}"
            self.refuse(node.line, "type", text, "Pass a value of the parameter's type.")
        elif isinstance(given, ir.Type) and given.kind == "int" and isinstance(wanted, ir.Type):
            if given.hi < wanted.lo or given.lo > wanted.hi:
                text = (
                    f"{param.name} of {node.function.__name__}() is {shown(wanted)}: {wanted.lo}..{wanted.hi}"
                )
                self.refuse(
                    node.line, "type", f"{text}, never {given.lo}..{given.hi}", "Pass a value in the range."
                )

    def _lockop(self, node: t.LockOp) -> AnyType:
        type_ = self.type(node.lock)
        if not isinstance(type_, LockType):
            raise self.wrong(
                node,
                "type",
                f"{node.op}() takes a lock, not {shown(type_)}",
                "Declare it with Lock or RwLock.",
            )
        if not self.in_step and self.tree.kind != "property":
            raise self.wrong(
                node, "syntax", f"{node.op}() belongs into a primitive", "Write a @primitive that does it."
            )
        self.impure(node, f"looks at {type_.field.name}")
        if node.op in SHARED_OPS:
            if type_.field.lock != "rwlock":
                raise self.wrong(node, "type", f"{node.op}() takes an RwLock", "Declare it with RwLock.")
            self.world.field(type_.field).shared_use = True
        if node.op == "hand_over":
            self.world.field(type_.field).handed_over = True
        self.typed.reads.add(type_.field)
        if node.op not in LOOKS:
            self.typed.writes.add(type_.field)
        self.typed.waits |= node.op in ("acquire", "acquire_shared")
        return ir.BOOL if node.op in (*LOOKS, "try_acquire", "try_acquire_shared") else VOID

    def _old(self, node: t.Old) -> AnyType:
        kind = getattr(self.typed.declared, "checker_property", ("",))[0]
        if kind != "transition":
            raise self.wrong(
                node, "property", "old() in a property of single states", "Use @transition_invariant."
            )
        return self.type(node.operand)

    def _newrecord(self, node: t.NewRecord) -> AnyType:
        return RecordType(node.record)

    def _pair(self, node: t.Pair) -> AnyType:
        self.condition(node.left)
        self.condition(node.right)
        return VOID
