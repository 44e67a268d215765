"""Values of constants, types of declared things, and the fields of a program.

A `World` is one scope: the constants have values in it, so every declared type has bounds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from .. import lang
from ..base.errors import ModelError, Problem, UsageError, placed
from ..ir import program as ir
from ..source.declarations import field_place

NONE = ir.Type("none", 0, 0)  # of None alone
VOID = ir.Type("void", 0, 0)  # of a call without a value
MOST_VALUES = (1 << 64) - 1  # of a range, which is packed into a word
MOST_INSTANCES = 1 << 16  # of a struct: each makes the code of a search larger
MOST_ELEMENTS = 1 << 20  # of an array
UNKNOWN = ir.Type("?", 0, 0)  # not inferred yet


@dataclass(frozen=True)
class RecordType:
    """A record on the stack; names of its fields are those of the class."""

    record: Any


@dataclass(frozen=True)
class PlaceType:
    """What a parameter of type Place stands for.  field: None if it is a local."""

    type: ir.Type
    field: lang.Field | None


@dataclass(frozen=True)
class ArrayType:
    """An array field, which has to be indexed.  place: it belongs to a record."""

    field: lang.Field


@dataclass(frozen=True)
class LockType:
    """A Lock or RwLock field of an instance."""

    field: lang.Field


AnyType = ir.Type | RecordType | PlaceType | ArrayType | LockType


@dataclass
class FieldInfo:
    """A field in this scope.

    var: the variable's name in the IR.  written: some reachable code assigns to it (to a
    lock: takes it).  mutable: so does code other than the setup, so that other processes
    can see it change.
    """

    field: lang.Field
    var: str
    type: ir.Type
    per: int
    count: int
    init: int
    written: bool = False
    mutable: bool = False
    shared_use: bool = False  # an RwLock that somebody takes shared
    handed_over: bool = False  # a lock that may be held by nobody


class World:
    """The declared things under given values of the constants.

    given: values of constants that differ from their defaults.
    """

    def __init__(
        self, modules: Iterable[ModuleType], structs: dict[str, Any], given: dict[lang.Constant, int]
    ) -> None:
        self.given = given
        self.structs = dict(structs)
        self.processes = 0  # process instances in all
        self.used: dict[Any, None] = {}  # structs that reachable code names, in order
        self._types: dict[int, ir.Type] = {}
        self._counts: dict[Any, int] = {}
        self._fields: dict[lang.Field, FieldInfo] = {}
        self._names: dict[int, str] = {}
        self._files: dict[str, str] = {}  # of modules, by name
        for module in modules:
            self._files[module.__name__] = module.__file__ or ""
            for name, value in vars(module).items():
                if isinstance(value, (lang.Range, lang.Constant)):
                    self._names.setdefault(id(value), name)

    # constants

    def constant(self, value: Any) -> int:
        """The integer that a declared value is in the IR."""
        if isinstance(value, lang.Const):
            if isinstance(value, lang.Constant):
                return self.constant(self.given.get(value, value.default))
            left, right = (self.constant(arg) for arg in value.args)
            if value.op in ("//", "%") and right <= 0:
                raise UsageError(f"division by {right} in an expression of constants")
            return lang.Const(value.op, (left, right)).value({})
        if isinstance(value, lang.EnumValue):
            return value.number
        if isinstance(value, lang.Instance):
            return self._instance(value) + 1
        if value is None or isinstance(value, int):
            return int(value or 0)
        raise ModelError(Problem("", 0, "type", f"{value!r} is no number", "Write a whole number, or an expression of constants."))

    def _instance(self, value: lang.Instance) -> int:
        """The number of a declared instance."""
        number, count, name = self.constant(value.number), self.count(value.struct), value.struct.__name__
        if not 0 <= number < count:
            text = f"{name}[{number}] is none of the {count} instances of {name}"
            raise ModelError(Problem(*self.place(value.struct), "type", text, "They are numbered from 0, up to count= less one."))
        return number

    def type_of_value(self, value: Any) -> ir.Type:
        """The type of a declared value; of an integer, the range that holds it alone."""
        if isinstance(value, bool):
            return ir.BOOL
        if value is None:
            return NONE
        if isinstance(value, lang.EnumValue):
            return self.type(value.enum)
        if isinstance(value, lang.Instance):
            return self.ref(value.struct)
        number = self.constant(value)
        return ir.int_type(number, number)

    # types

    def type(self, declared: Any) -> ir.Type:
        """The type that a Range, bool, Enum, Ref or Struct means."""
        found = self._types.get(id(declared))
        if found is None:
            found = self._types[id(declared)] = self._make_type(declared)
        return found

    def _make_type(self, declared: Any) -> ir.Type:
        if declared in (bool, lang.Bool):
            return ir.BOOL
        if isinstance(declared, lang.Range):
            lo, hi = self.constant(declared.lo), self.constant(declared.hi)
            if lo > hi:
                name = self._names.get(id(declared), "")
                raise ModelError(Problem("", 0, "type", f"the range {f'{name} ' * bool(name)}is empty: {lo}..{hi}", "The least value comes first: Range(0, 3)."))
            if hi - lo > MOST_VALUES or max(abs(lo), abs(hi)) > MOST_VALUES:
                raise ModelError(Problem("", 0, "type", f"{lo}..{hi} is no range of the language", "It has 64 bits at most."))
            return ir.int_type(lo, hi, self._names.get(id(declared), ""))
        if isinstance(declared, lang.Enum):
            names = tuple(v.name for v in declared.values)
            return ir.Type("enum", 0, len(names) - 1, declared.name, names)
        if isinstance(declared, lang.Ref):
            return self.ref(self.struct(declared.struct))
        return self.ref(declared)

    def struct(self, named: Any) -> Any:
        """A struct, given as a class or by name."""
        if not isinstance(named, str):
            return named
        if named not in self.structs:
            raise ModelError(
                Problem("", 0, "unknown-name", f"Ref({named!r}): there is no struct of this name")
            )
        return self.structs[named]

    def ref(self, struct: Any) -> ir.Type:
        return ir.Type("ref", 0, self.count(struct), struct.__name__)

    def guards(self, field: lang.Field) -> tuple[lang.Field | None, lang.Field | None]:
        """The lock that any access to a field needs, and the one that a write needs."""
        if self.constant(field.unguarded) > 0:
            return None, None
        return field.guard, field.write_guard

    def count(self, struct: Any) -> int:
        """Instances of a struct."""
        found = self._counts.get(struct)
        if found is None:
            found = self._counts[struct] = self.constant(struct.instances)
            if self.structs.setdefault(struct.__name__, struct) is not struct:
                text = f"two structs are called {struct.__name__}"
                raise ModelError(Problem(*self.place(struct), "duplicate", text, "A struct is told by its class name: rename one."))
            if not 1 <= found <= MOST_INSTANCES:
                text = f"{struct.__name__} has {found:,} instances"
                raise ModelError(Problem(*self.place(struct), "type", text, f"count= is 1 to {MOST_INSTANCES:,}."))
        return found

    def place(self, struct: Any, field: str = "") -> tuple[str, int]:
        """File and line of a struct or a record, or of one of its fields; line 0 if it is not to be found."""
        return field_place(self._files.get(struct.__module__, ""), struct.__name__, field)

    def struct_of(self, type: ir.Type) -> Any:
        return self.structs[type.name]

    # fields

    def field(self, field: lang.Field) -> FieldInfo:
        """What a field of a struct or a record is in this scope."""
        found = self._fields.get(field)
        if found is None:
            found = self._fields[field] = self._make_field(field)
        return found

    def fields(self) -> list[FieldInfo]:
        """All fields of structs asked for so far, structs and fields in declaration order."""
        order = {struct: i for i, struct in enumerate(self.structs.values())}
        found = [f for f in self._fields.values() if f.field.struct in order]
        place = {f: i for struct in order for i, f in enumerate(struct.fields.values())}
        return sorted(found, key=lambda f: (order[f.field.struct], place[f.field]))

    def _make_field(self, field: lang.Field) -> FieldInfo:
        struct = field.struct
        if issubclass(struct, lang.Struct):
            self.used.setdefault(struct)
            self.structs.setdefault(struct.__name__, struct)
        instances = self.count(struct) if issubclass(struct, lang.Struct) else 1
        try:
            per = self._size(field)
            type_ = ir.Type("owner", 0, self.processes) if field.lock else self.type(field.type)
            init = self._init(field, type_)
        except ModelError as error:
            file, line = self.place(struct, field.name)
            raise ModelError(placed(p, file, line) for p in error.problems) from None
        return FieldInfo(field, f"{struct.__name__}.{field.name}", type_, per, instances * per, init)

    def _size(self, field: lang.Field) -> int:
        """Elements of an array; 1 for any other field."""
        size = self.constant(field.count) if field.count is not None else 1
        if not 1 <= size <= MOST_ELEMENTS:
            text = f"{field.struct.__name__}.{field.name} is an array of {size:,} elements"
            raise ModelError(Problem("", 0, "type", text, f"It has 1 to {MOST_ELEMENTS:,}."))
        return size

    def _init(self, field: lang.Field, type_: ir.Type) -> int:
        if field.init is None:
            return 0 if type_.lo <= 0 <= type_.hi else type_.lo
        value = self.constant(field.init)
        if not type_.lo <= value <= type_.hi:
            where = f"{field.struct.__name__}.{field.name}"
            text = f"{where} starts with {value}, which is outside {type_.lo}..{type_.hi}"
            raise ModelError(Problem("", 0, "type", text, "Give init= a value of the field's type."))
        return value

    def label(self, field: lang.Field) -> str:
        """What a message or a picture calls a field: the kernel's name if that is one word."""
        return field.doc if field.doc and " " not in field.doc else field.name


def join(a: ir.Type, b: ir.Type) -> ir.Type | None:
    """The least type that holds the values of both; None if there is none."""
    if a == b or b is UNKNOWN:
        return a
    if a is UNKNOWN:
        return b
    if a.kind == b.kind == "int":
        return ir.int_type(min(a.lo, b.lo), max(a.hi, b.hi), a.name if a.name == b.name else "")
    if {a.kind, b.kind} == {"ref", "none"}:
        return a if a.kind == "ref" else b
    return None


def agree(declared: AnyType, given: AnyType) -> bool:
    """May a value of type `given` stand where `declared` is wanted (bounds aside)?"""
    if not isinstance(declared, ir.Type) or not isinstance(given, ir.Type):
        return declared == given
    if UNKNOWN in (declared, given):
        return True
    if given.kind == "none":
        return declared.kind in ("ref", "none")
    return declared.kind == given.kind and (given.kind not in ("enum", "ref") or declared.name == given.name)


def shown(type_: AnyType) -> str:
    """A type as a message names it."""
    match type_:
        case RecordType():
            return type_.record.__name__
        case LockType():
            return "a lock"
        case ArrayType():
            return "an array"
        case PlaceType():
            return shown(type_.type)
    if type_.kind == "int":
        return type_.name or f"an integer {type_.lo}..{type_.hi}"
    return {"bool": "bool", "none": "None", "void": "nothing", "?": "unknown"}.get(type_.kind, type_.name)
