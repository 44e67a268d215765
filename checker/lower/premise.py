"""Where a property says something: the premise of its condition, if it has one.

A condition that is true wherever nothing of interest happens says nothing in a run without it.  What is
written as an implication, in whatever way, names its own premise: `implies(p, q)`, `not p or q`, `q if p else
True`, `not (p and not q)`, one in the claim of another, one for each value of `all(...)`, and the condition of its
generator.  A conjunction speaks where one of its parts does.  Conditions without any of these speak everywhere.
"""

from __future__ import annotations

from functools import reduce

from ..parse import tree as t


def premise_of(node: t.Node | None) -> t.Node | None:
    """The condition under which `node` says something; None if it always does."""
    match node:
        case t.Logic(op="implies", operands=[premise, claim]):
            return _all([premise, premise_of(claim)])
        case t.Logic(op="or", operands=operands):
            return _of_disjunction(operands)
        case t.Logic(op="and", operands=operands):
            parts = [premise_of(part) for part in operands]
            return None if None in parts else t.Logic(node.line, "or", parts)
        case t.Unary(op="not", operand=t.Logic(op="and", operands=operands)):
            return _of_disjunction([_negated(part) for part in operands])
        case t.Unary(op="not", operand=t.Unary(op="not", operand=inner)):
            return premise_of(inner)
        case t.Quantifier(kind="all", over=t.Generator() as over):
            inner = _all([over.condition, premise_of(over.value)])
            return inner and t.Quantifier(node.line, "any", t.Generator(over.var, over.source, None, inner))
        case t.Cond(test=test, then=then, other=other) if _is(other, True):
            return _all([test, premise_of(then)])
        case t.Cond(test=test, then=then, other=other) if _is(then, True):
            return _all([t.Unary(test.line, "not", test), premise_of(other)])
    return None


def _of_disjunction(operands: list[t.Node]) -> t.Node | None:
    """Of `not p or q`: p.  Where every part is negated, one of them: they are never true together."""
    negated = [part.operand for part in operands if isinstance(part, t.Unary) and part.op == "not"]
    rest = [part for part in operands if not (isinstance(part, t.Unary) and part.op == "not")]
    if not rest:
        return t.Logic(negated[0].line, "or", negated)
    return _all([*negated, premise_of(rest[0]) if len(rest) == 1 else None]) if negated else None


def _negated(node: t.Node) -> t.Node:
    return node.operand if isinstance(node, t.Unary) and node.op == "not" else t.Unary(node.line, "not", node)


def _all(parts: list[t.Node | None]) -> t.Node | None:
    """All of the parts that there are; None if there is none."""
    return reduce(lambda a, b: t.Logic(a.line, "and", [a, b]) if a and b else a or b, parts, None)


def _is(node: t.Node, value: bool) -> bool:
    return isinstance(node, t.Global) and node.value is value
