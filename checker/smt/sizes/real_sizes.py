"""A program whose sizes are bytes: the same model, compiled for a real block size.

In the scope a block has a few cells.  Here it has 512 to 65536 bytes, and of these as many are
followed as it had cells: the first one of the block, and one at each of the offsets CUT_1,
CUT_2, ... .  Every size is exact to the byte; what the model says of a cell, the program says of
one of these bytes.  The sizes that the scenario counts in cells, and the cuts, are variables that
nobody writes, so that any value can be given to them, or none.

It is made by rewriting the trees of functions: the number of a cell, where it is a position, is
replaced by that byte's offset; where it is an index, it stays the number of a cell.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from types import FunctionType
from typing import Any

from ... import lang
from ...base.errors import UsageError
from ...compile.program import _Compiler, _Parser
from ...ir import program as ir
from ...lower.builder import Builder
from ...lower.choices import choose_listed
from ...lower.processes import instances_of
from ...lower.scopes import Scope
from ...lower.statements import RULES
from ...lower.values import Value, compare, const, if_else
from ...parse import tree as t
from ...types.infer import Inference
from ...types.typed import Typed
from ...types.world import FieldInfo, World
from ...verdict.api import Task

PAGE_SIZE = 4096  # bytes
LEAST_BLOCK, LARGEST_BLOCK, LARGEST_ORDER = 512, 65536, 9
HOLDER, CUT = "Sizes", "CUT_"  # the struct that holds the sizes, and what its cuts are called
NOWHERE = 1 << 20  # more cells than any scope has


class Unmeasured(Exception):
    """The model, or this part of it, cannot be compiled in bytes; the message says why."""


@dataclass(frozen=True)
class Geometry:
    """block: bytes in a block; order: of folios; folio: bytes in one; cells: of the scope, in a block."""

    block: int
    order: int
    folio: int
    cells: int


@dataclass(frozen=True)
class RealProgram:
    """program: in bytes.  sizes: the scenario's constants that count bytes now, and their values
    in cells; cuts: names of the offsets of the bytes that are followed in a block, but the first.
    named: bytes are named by positions that are computed.  counted: places at which cells are counted or chosen
    one by one, which bytes are not."""

    program: ir.Program
    geometry: Geometry
    sizes: dict[str, int]
    cuts: tuple[str, ...]
    named: bool = False
    counted: tuple[ir.Pos, ...] = ()

    def with_values(self, values: Mapping[str, int]) -> ir.Program:
        """The program in which sizes and cuts have these values."""
        given = {f"{HOLDER}.{name}": (value,) for name, value in values.items()}
        variables = tuple(
            replace(v, init=given[v.name]) if v.name in given else v for v in self.program.variables
        )
        return replace(self.program, variables=variables, by_name={})

    def uniform(self) -> dict[str, int]:
        """Values under which every cell of the scope has the same number of bytes, as far as it divides."""
        block, cells = self.geometry.block, self.geometry.cells
        values = {name: value * block // cells for name, value in self.sizes.items()}
        return values | {name: number * block // cells for number, name in enumerate(self.cuts, 1)}


def measure_of(task: Task) -> lang.Measured | None:
    """How the model measures sizes, if it does."""
    for module in task.catalogue.modules:
        for value in vars(module).values():
            if isinstance(value, lang.Measured):
                return value
    return None


def geometry_of(task: Task, block: int | None = None, order: int | None = None) -> Geometry:
    """The geometry of the scope in bytes: given, or such that a page has PAGE_SIZE bytes.

    Raises UsageError if the sizes asked for do not fit the scope, Unmeasured if the model has none.
    """
    measure = measure_of(task)
    if measure is None:
        raise Unmeasured("the model does not say what its sizes are in bytes")
    values = dict(task.program.constants)
    name = task.catalogue.name_of
    cells, blocks, pages = (values[name(c)] for c in (measure.cells, measure.blocks, measure.pages))
    given = block is not None or order is not None
    if not given:
        order = pages.bit_length() - 1
    if order is None:
        order = (block * blocks // PAGE_SIZE).bit_length() - 1
    folio = PAGE_SIZE << max(order, 0)
    block = folio // blocks if block is None else block
    if not given and block * blocks != folio:
        raise Unmeasured(f"no folio has {blocks} blocks")
    right = LEAST_BLOCK <= block <= LARGEST_BLOCK and block & (block - 1) == 0 and 0 <= order <= LARGEST_ORDER
    if not right or block * blocks != folio:
        raise UsageError(
            f"a folio of the scope has {blocks} blocks, so that block size {block} does not go with folios of order "
            f"{max(order, 0)} ({folio} bytes); block sizes are powers of two from {LEAST_BLOCK} to {LARGEST_BLOCK}"
        )
    if block < cells:
        raise UsageError(f"a block of {block} bytes has no room for {cells} cells")
    return Geometry(block, order, folio, cells)


def real_program(task: Task, geometry: Geometry) -> RealProgram:
    """`task` in bytes; raises Unmeasured where its text cannot be read so."""
    compiler = _RealCompiler(task, geometry)
    names = [p.name for p in task.program.properties]
    program = compiler.program(task.program.bound, names)
    used = {v.name.partition(".")[2] for v in program.variables if v.struct == HOLDER}
    sizes = {name: value for name, value in compiler.sizes.items() if name in used}
    cuts = tuple(c for c in compiler.cuts if c in used)
    return RealProgram(program, geometry, sizes, cuts, compiler.parser.named, tuple(compiler.parser.counted))


def counts_bytes(lo: int, hi: int) -> bool:
    """Does a choice of lo..hi in a program in bytes stand for any number of bytes, up to a part of a block?"""
    return hi - lo >= LEAST_BLOCK // 2


class _RealWorld(World):
    """Constants are in bytes, but numbers of instances and elements are those of the scope."""

    def __init__(self, scope: World, given: dict[lang.Constant, int], modules: Any) -> None:
        super().__init__(modules, scope.structs, given)
        self.scope = scope

    def count(self, struct: Any) -> int:
        found = self.scope.count(struct)
        self._counts[struct] = found
        self.structs.setdefault(struct.__name__, struct)
        return found

    def _make_field(self, field: lang.Field) -> FieldInfo:
        info = super()._make_field(field)
        if field.count is not None:
            instances = info.count // info.per
            info.per = self.scope.constant(field.count)
            info.count = instances * info.per
        return info

    def in_cells(self, declared: Any) -> bool:
        """Does a number of instances or elements, or a bound, count cells?"""
        return isinstance(declared, lang.Const) and self.constant(declared) != self.scope.constant(declared)


class _RealCompiler(_Compiler):
    """Compiles a task in bytes."""

    def __init__(self, task: Task, geometry: Geometry) -> None:
        catalogue = task.catalogue
        super().__init__(catalogue, task.scenario, task.design, task.facts.settings)
        measure = measure_of(task)
        given = dict(self.given)
        given[measure.cells] = geometry.block
        given[measure.pages] = 1 << geometry.order
        scope_given = self.given | {measure.pages: 1 << geometry.order}
        scope = World(catalogue.modules, catalogue.structs, scope_given)
        self.world = _RealWorld(scope, given, catalogue.modules)
        constants = {c: name for name, c in catalogue.constants.items() if c.size}
        self.sizes = {name: scope.constant(constant) for constant, name in constants.items()}
        self.cuts = tuple(f"{CUT}{number}" for number in range(1, geometry.cells))
        most = geometry.block * self._blocks_of_cells(scope, geometry.cells)
        body: dict[str, Any] = {name: lang.Range(0, most, name) for name in self.sizes}
        body |= {name: lang.Range(1, geometry.block - 1, name) for name in self.cuts}
        self.holder = type(lang.Struct)(HOLDER, (lang.Struct,), body)
        self.world.structs[HOLDER] = self.holder
        self.parser = _RealParser(self.parser.edits, self.world, self.holder, constants, geometry)
        self.inference = Inference(self.world, self.parser)
        self.counts = [instances_of(p, self.world) for p in self.scenario.processes]
        self.world.processes = sum(count for count, _ in self.counts)

    def _blocks_of_cells(self, scope: World, cells: int) -> int:
        """Blocks of the longest struct that has an instance for each cell."""
        counts = [scope.count(s) for s in self.catalogue.structs.values() if self.world.in_cells(s.instances)]
        if not counts:
            raise Unmeasured("no struct of the model has an instance for each cell, so nothing is said of bytes")
        return max(counts) // cells

    def _builder(self, name: str) -> Builder:
        rules = replace(RULES, choose_listed=_SizeChoices(self.world, self.sizes))
        return Builder(rules, self.world, self.parser.files, self.scenario.lock_order, name)

    def _find_written(self, typed: list[list[Typed]], setup: Typed | None) -> None:
        super()._find_written(typed, setup)
        for field in self.holder.fields.values():  # not constants that may be folded, though nobody writes them
            self.world.field(field).written = True


@dataclass(frozen=True)
class _SizeChoices:
    """Choices among sizes are numbered as in the scope, so that its schedules can be followed.
    sizes: values in cells."""

    world: _RealWorld
    sizes: dict[str, int]

    def __call__(self, b: Builder, node: t.Choose, scope: Scope, into: Any) -> Value:
        cells = [self._in_cells(value) for value in node.values]
        if None in cells or not any(isinstance(value, t.Attr) for value in node.values):
            return choose_listed(b, node, scope, into)
        first = {number: b.evaluate(node.values[cells.index(number)], scope) for number in dict.fromkeys(cells)}
        numbers = list(first)
        if len(numbers) == 1:
            return first[numbers[0]]
        listed = numbers != list(range(numbers[0], numbers[-1] + 1))
        codes = list(range(len(numbers))) if listed else numbers
        name = b.new_local(scope, "choice", ir.int_type(codes[0], codes[-1]), temporary=True)
        b.emit(ir.Choose(name, codes[0], codes[-1], ir.Const(1), b.pos(scope, node)))
        chosen = Value(ir.Read(name), codes[0], codes[-1])
        result = first[numbers[-1]]
        for code, number in list(zip(codes, numbers))[-2::-1]:
            result = if_else(compare("==", chosen, const(code)), first[number], result)
        return result

    def _in_cells(self, node: t.Node) -> int | None:
        if isinstance(node, t.Attr):
            return self.sizes.get(node.name)
        return self.world.scope.constant(node.value) if isinstance(node, t.Global) else None


class _RealParser(_Parser):
    """Trees of functions in bytes."""

    def __init__(
        self, edits: Any, world: _RealWorld, holder: Any, constants: dict[lang.Constant, str], geometry: Geometry
    ) -> None:
        super().__init__(edits)
        self.world, self.holder, self.constants, self.geometry = world, holder, constants, geometry
        self.named, self.counted = False, []  # see RealProgram

    def _parse(self, function: FunctionType) -> t.Function:
        return _Rewriter(self, super()._parse(function)).function()


class _Rewriter:
    """Rewrites one function.  cells: its locals that number cells; references: those that are cells."""

    def __init__(self, parser: _RealParser, tree: t.Function) -> None:
        self.parser, self.tree, self.world = parser, tree, parser.world
        self.cells: set[str] = set()
        self.references = {p.name for p in tree.params if self._is_cell_struct(p.annotation)}
        for node in _everything(tree.body):
            if isinstance(node, (t.For, t.Generator)):
                source = node.over if isinstance(node, t.For) else node.source
                if isinstance(source, t.Each):
                    self.references |= {node.var} if self._is_cell_struct(source.struct) else set()
                elif self._spans_cells(source):
                    self.cells.add(node.var)
            if isinstance(node, t.Assign) and isinstance(node.target, t.Local) and self._is_cell(node.value):
                self.references.add(node.target.name)

    def function(self) -> t.Function:
        for node in _everything(self.tree.body):
            if self._tells_cells_apart(node):
                self.parser.counted.append(ir.Pos(self.tree.file, node.line))
        return replace(self.tree, body=self._rewritten(self.tree.body))

    # what counts cells

    def _is_cell_struct(self, declared: Any) -> bool:
        return isinstance(declared, type) and self.world.in_cells(getattr(declared, "instances", None))

    def _is_cells(self, source: t.Each | t.Span) -> bool:
        return self._is_cell_struct(source.struct) if isinstance(source, t.Each) else self._spans_cells(source)

    def _tells_cells_apart(self, node: t.Node) -> bool:
        """Does something happen for each cell that would happen more often for each byte: a sum, or a choice?"""
        match node:
            case t.Quantifier("sum"):
                return self._is_cells(node.over.source)
            case t.Choose() if node.over is not None and isinstance(node.over.source, t.Each):
                return self._is_cells(node.over.source)
            case t.For() if self._is_cells(node.over):
                return any(isinstance(inner, t.Choose) or _adds_up(inner) for inner in _everything(node.body))
        return False

    def _is_cell(self, node: t.Node) -> bool:
        """Is an expression an instance of a struct of cells?"""
        if isinstance(node, t.Item) and isinstance(node.base, t.Global):
            return self._is_cell_struct(node.base.value)
        return isinstance(node, t.Local) and node.name in self.references

    def _is_cell_array(self, node: t.Node) -> bool:
        if isinstance(node, t.Global):
            return self._is_cell_struct(node.value)
        return isinstance(node, t.Attr) and any(
            node.name in struct.fields and self.world.in_cells(struct.fields[node.name].count)
            for struct in self.world.structs.values()
        )

    def _spans_cells(self, span: t.Span) -> bool:
        return any(
            self._value(bound, self.world) != self._value(bound, self.world.scope)
            for bound in (span.lo, span.hi)
            if self._is_constant(bound)
        )

    def _is_constant(self, node: t.Node) -> bool:
        return all(isinstance(n, (t.Global, t.Binary)) for n in _everything(node))

    def _value(self, node: t.Node, world: World) -> int:
        if isinstance(node, t.Binary):
            return lang.Const(node.op, (self._value(node.left, world), self._value(node.right, world))).value({})
        return world.constant(node.value)

    # rewriting

    def _rewritten(self, node: Any, index: bool = False) -> Any:
        """A copy in bytes; index: it is an index of cells, and stays one."""
        match node:
            case list():
                return [self._rewritten(one, index) for one in node]
            case t.Global() if isinstance(node.value, lang.Const):
                return self._constant(node, index)
            case t.Local() if node.name in self.cells and not index:
                return self._offset(node.line, t.Local(node.line, node.name))
            case _ if index and self._names_a_byte(node):
                self.parser.named = True
                return self._cell_at(node.line, self._rewritten(node))
            case t.Number() if index:
                return node
            case t.Number() if self._is_cell(node.operand):
                return self._offset(node.line, t.Number(node.line, self._rewritten(node.operand)))
            case t.Item() if self._is_cell_array(node.base):
                base = node.base if isinstance(node.base, t.Global) else self._rewritten(node.base)
                return t.Item(node.line, base, self._rewritten(node.index, True))
            case t.Span() if self._spans_cells(node):
                return t.Span(self._rewritten(node.lo, True), self._rewritten(node.hi, True))
            case t.Choose() if node.over is not None and isinstance(node.over.source, t.Span):
                if self._spans_cells(node.over.source):  # a number of bytes; see counts_bytes
                    return node
        if not is_dataclass(node):
            return node
        done = copy.copy(node)
        for one in fields(node):
            inner = getattr(node, one.name)
            if one.name != "source" and (isinstance(inner, list) or is_dataclass(inner)) or isinstance(inner, t.Span):
                setattr(done, one.name, self._rewritten(inner, index))
            elif isinstance(inner, t.Each):
                setattr(done, one.name, inner)
        return done

    def _constant(self, node: t.Global, index: bool) -> t.Node:
        if index:
            return t.Global(node.line, node.name, self.world.scope.constant(node.value))
        name = self.parser.constants.get(node.value)
        return node if name is None else self._size(node.line, name)

    def _size(self, line: int, name: str) -> t.Node:
        return t.Attr(line, t.Global(line, "sizes", self.parser.holder[0]), name)

    def _offset(self, line: int, cell: t.Node) -> t.Node:
        """The byte that a cell stands for: that of its block, and the cut inside it."""
        block, cells = self.parser.geometry.block, self.parser.geometry.cells

        def number(value: int) -> t.Node:
            return t.Global(line, str(value), value)

        first = t.Binary(line, "*", t.Binary(line, "//", cell, number(cells)), number(block))
        cut: t.Node = number(0)
        for which in range(1, cells):
            is_this = t.Binary(line, "==", t.Binary(line, "%", cell, number(cells)), number(which))
            cut = t.Cond(line, is_this, self._size(line, f"{CUT}{which}"), cut)
        return t.Binary(line, "+", first, cut)

    def _names_a_byte(self, index: t.Node) -> bool:
        """Is an index of cells computed from anything but numbers of cells and of instances?  Then it is a position."""
        if isinstance(index, t.Binary):
            return self._names_a_byte(index.left) or self._names_a_byte(index.right)
        return isinstance(index, t.Attr) or isinstance(index, t.Local) and index.name not in self.cells

    def _cell_at(self, line: int, byte: t.Node) -> t.Node:
        """The cell that stands for a byte.  For one that is not followed it is none at all: a schedule that
        comes there fails, so sizes are found with which the byte is followed."""
        block, cells = self.parser.geometry.block, self.parser.geometry.cells

        def number(value: int) -> t.Node:
            return t.Global(line, str(value), value)

        inside = t.Binary(line, "%", byte, number(block))
        cell: t.Node = number(-NOWHERE)
        for which in range(cells - 1, -1, -1):
            offset = self._size(line, f"{CUT}{which}") if which else number(0)
            cell = t.Cond(line, t.Binary(line, "==", inside, offset), number(which), cell)
        first = t.Binary(line, "*", t.Binary(line, "//", byte, number(block)), number(cells))
        return t.Binary(line, "+", first, cell)


def _adds_up(node: t.Node) -> bool:
    """Does a statement make a new value of a variable from its old one?"""
    if not isinstance(node, t.Assign) or not isinstance(node.value, t.Binary):
        return False
    return any(_same(part, node.target) for part in _everything(node.value))


def _same(a: t.Node, b: t.Node) -> bool:
    """Do two nodes name the same local, or the same field?"""
    return type(a) is type(b) and isinstance(a, (t.Local, t.Attr)) and a.name == b.name


def _everything(node: Any) -> Any:
    """A node and all that is in it."""
    if isinstance(node, (list, tuple)):
        for one in node:
            yield from _everything(one)
    elif is_dataclass(node) and not isinstance(node, t.Each):
        yield node
        for one in fields(node):
            if one.name != "source":
                yield from _everything(getattr(node, one.name))
