"""Dead locals: which locals matter at each label, and assignments that nobody sees.

A local that is only used to compute locals that do not matter does not matter either.
Elements of arrays are told apart where their index is a constant.
"""

from __future__ import annotations

from ..ir import program as ir
from .flow import RawBlock, reads_in
from .values import Value, negate


class LiveLocals:
    """What is live where, in one process.

    live: for each label, the locals whose value on entry can make a difference, as bits.
    """

    def __init__(self, blocks: list[RawBlock], variables: dict[str, ir.Variable]) -> None:
        self.blocks = blocks
        self.first: dict[str, int] = {}  # of the bits of a local's elements
        self.all: dict[str, int] = {}  # the bits of all its elements
        position = 0
        for name, variable in variables.items():
            self.first[name] = position
            self.all[name] = ((1 << variable.count) - 1) << position
            position += variable.count
        self.live = [0] * len(blocks)
        self._uses: dict[int, tuple[ir.Expr, int]] = {}
        self._solve()

    def names(self, label: int) -> frozenset[str]:
        """The locals that are live at `label`."""
        mask = self.live[label]
        return frozenset(name for name, bits in self.all.items() if mask & bits)

    def cleaned(self, block: RawBlock) -> tuple[ir.Stmt, ...]:
        """The body of `block` without assignments to locals that nobody reads."""
        return tuple(self._back(block.body, 0)[1])

    def _solve(self) -> None:
        before: dict[int, list[int]] = {}
        for block in self.blocks:
            for label in set(_targets(block.body)):
                before.setdefault(label, []).append(block.label)
        queue = dict.fromkeys(reversed(range(len(self.blocks))))
        while queue:
            label = next(iter(queue))
            del queue[label]
            block = self.blocks[label]
            found = self._mask(block.body, 0) | self.uses(block.step.guard.expr)
            if found != self.live[label]:
                self.live[label] = found
                queue.update(dict.fromkeys(before.get(label, ())))

    def uses(self, expr: ir.Expr) -> int:
        found = self._uses.get(id(expr))
        if found is None:
            mask = 0
            for read in reads_in(expr):
                mask |= self.bits(read.var, read.index)
            found = self._uses[id(expr)] = (expr, mask)
        return found[1]

    def bits(self, var: str, index: ir.Expr) -> int:
        """The bits of `var[index]`: of all elements if the index is not known; 0 of a shared variable."""
        every = self.all.get(var, 0)
        if every and isinstance(index, ir.Const) and index.value >= 0:
            return every & (1 << self.first[var] + index.value) or every
        return every

    def _mask(self, body: list[ir.Stmt] | tuple[ir.Stmt, ...], live: int) -> int:
        """What is live before `body` if `live` is behind it."""
        for stmt in reversed(body):
            if type(stmt) is ir.If:
                live = self._mask(stmt.then, live) | self._mask(stmt.other, live) | self.uses(stmt.cond)
            else:
                live = self._before(stmt, live)
        return live

    def _before(self, stmt: ir.Stmt, live: int) -> int:
        match stmt:
            case ir.Assign():
                bits = self.bits(stmt.var, stmt.index)
                if bits and not live & bits:
                    return live
                if isinstance(stmt.index, ir.Const):
                    live &= ~bits
                return live | self.uses(stmt.value) | self.uses(stmt.index)
            case ir.Choose():
                return (live | self.uses(stmt.where)) & ~self.all[stmt.var]
            case ir.Check():
                return live | self.uses(stmt.cond)
            case ir.Note():
                return live | self.uses(stmt.value)
            case ir.Goto():
                return self.live[stmt.label]
            case ir.Fail():
                return 0
        raise TypeError(f"not a statement: {stmt!r}")

    def _back(self, body: list[ir.Stmt] | tuple[ir.Stmt, ...], live: int) -> tuple[int, list[ir.Stmt]]:
        kept: list[ir.Stmt] = []
        for stmt in reversed(body):
            if isinstance(stmt, ir.If):
                left, then = self._back(stmt.then, live)
                right, other = self._back(stmt.other, live)
                if then or other:
                    live = left | right | self.uses(stmt.cond)
                    cond = stmt.cond
                    if not then:
                        cond, then, other = negate(Value(cond, 0, 1)).expr, other, then
                    kept.append(ir.If(cond, tuple(then), tuple(other), stmt.pos))
                continue
            bits = self.bits(stmt.var, stmt.index) if isinstance(stmt, ir.Assign) else 0
            if not bits or live & bits:
                kept.append(stmt)
            live = self._before(stmt, live)
        kept.reverse()
        return live, kept


def _targets(body: list[ir.Stmt] | tuple[ir.Stmt, ...]) -> list[int]:
    found = []
    for stmt in body:
        if isinstance(stmt, ir.Goto):
            found.append(stmt.label)
        elif isinstance(stmt, ir.If):
            found += _targets(stmt.then) + _targets(stmt.other)
    return found
