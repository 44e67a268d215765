"""Properties: one expression for each binding of the parameters."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from ..base.errors import ModelError, Problem
from ..ir import program as ir
from ..parse import tree as t
from ..types.typed import Typed
from ..types.world import World
from .builder import Builder
from .premise import premise_of
from .scopes import Bound, Scope
from .statements import RULES
from .values import FALSE, TRUE, Value, both, const


def for_properties(world: World, file_names: dict[str, str]) -> Builder:
    """A builder of properties, and of nothing else: they hold no locks, so `guard=` does not concern them."""
    b = Builder(RULES, world, file_names)
    b.guarded = False
    return b


def lowered_property(b: Builder, name: str, typed: Typed) -> ir.Property:
    """The property `name`, with an instantiation for all values of its parameters.

    b: of `for_properties`."""
    function = typed.function
    kind, options = typed.declared.checker_property
    instances: list[ir.Instantiation] = []
    targets: list[ir.Expr] = []
    for binding, names in _bindings(typed):
        instance, target = _instance(b, kind, binding, Scope(typed, names, (name,)))
        instances.append(instance)
        targets += [target] if target is not None else []
    witness = options.get("witness")
    return ir.Property(
        name, kind, " ".join(function.doc.split()), tuple(instances), tuple(targets),
        tuple(options.get("fair", ())), getattr(witness, "__name__", witness) or "",
        b.world.constant(options.get("bound", 0)),
        ir.Pos(b.file_names[function.file], function.line),
    )  # fmt: skip


def _bindings(typed: Typed) -> Iterator[tuple[tuple[tuple[str, str], ...], dict]]:
    values = []
    for param in typed.function.params:
        type_ = typed.params[param.name]
        if not isinstance(type_, ir.Type) or type_.kind == "?":
            text = f"in {typed.function.name}(): {param.name} is not of a type with values"
            raise ModelError(
                Problem(
                    typed.function.file,
                    param.line,
                    "property",
                    text,
                    "Quantify over a Struct, an enumeration, a Range or bool.",
                )
            )
        first = 1 if type_.kind == "ref" else type_.lo
        values.append([(param.name, n, shown_value(type_, n)) for n in range(first, type_.hi + 1)])
    for chosen in product(*values):
        yield (
            tuple((name, text) for name, _, text in chosen),
            {name: Bound(const(n)) for name, n, _ in chosen},
        )


def _instance(
    b: Builder, kind: str, binding: tuple[tuple[str, str], ...], scope: Scope
) -> tuple[ir.Instantiation, ir.Expr | None]:
    result = _result(b, scope)
    if isinstance(result, t.Pair):
        start = _sound(b, b.value(result.left, scope))
        target = _sound(b, b.value(result.right, scope))
        return ir.Instantiation(binding, start.expr), target.expr
    value = _sound(b, b.value(result, scope)) if result is not None else TRUE
    return ir.Instantiation(binding, value.expr, _premise(b, kind, value, result, scope)), None


def _premise(b: Builder, kind: str, value: Value, result: t.Node | None, scope: Scope) -> ir.Expr | None:
    """Where the condition `value` says something; nowhere if nothing can make it false."""
    if kind == "reachable":
        return None
    if value == TRUE:
        return FALSE.expr
    node = premise_of(result)
    return None if node is None else _sound(b, b.value(node, scope)).expr


def _sound(b: Builder, value: Value) -> Value:
    """`value`, and false where it reads through None or outside of an array."""
    right = TRUE
    for one in b.take_checks():
        right = both(right, one.cond)
    return both(right, value)


def _result(b: Builder, scope: Scope) -> t.Node | None:
    """What a property returns; its local assignments are made in `scope`."""
    for stmt in scope.function.body:
        if isinstance(stmt, t.Assign) and isinstance(stmt.target, t.Local):
            scope.names[stmt.target.name] = Bound(b.value(stmt.value, scope))
        elif isinstance(stmt, t.Return):
            return stmt.value
        elif not isinstance(stmt, t.Pass):
            text = f"in {scope.function.name}(): a property assigns to locals and returns a condition"
            raise ModelError(
                Problem(scope.function.file, stmt.line, "property", text, "Put the rest into a pure function.")
            )
    text = f"in {scope.function.name}(): a property returns a condition"
    raise ModelError(Problem(scope.function.file, scope.function.line, "property", text, "return CONDITION"))


def shown_value(type_: ir.Type, value: int) -> str:
    """A parameter's value as a message names it: "folio 1", "OK", "3"."""
    if type_.kind == "ref":
        name = ir.as_in_c(type_.name)
        return name if type_.hi == 1 else f"{name} {value - 1}"
    if type_.kind == "enum":
        return type_.names[value - type_.lo]
    return str(bool(value)) if type_.kind == "bool" else str(value)
