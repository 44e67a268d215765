"""Shared state, as a model declares it: constants, types, the fields of structs."""

from .expect import expect

# ------------------------------------------------------------------ constants


class Const:
    """An integer expression over named constants; it has a value once the constants
    have theirs (`--set`, the scope of a scenario)."""

    c = ""  # the machine integer that C has in its place, see `as_c`

    def __init__(self, op, args):
        for arg in args:
            if not isinstance(arg, Const) and type(arg) is not int:
                raise TypeError(f"a constant {op} {arg!r}: constants are computed from whole numbers")
        self.op, self.args = op, args

    def __bool__(self):
        raise TypeError("a constant has no value yet where a model declares: scopes and --set give it one; ask in a function")

    def value(self, given):
        """The value under `given`: a dict from Constant to int."""
        a, b = (arg.value(given) if isinstance(arg, Const) else arg for arg in self.args)
        return {
            "+": lambda: a + b,
            "-": lambda: a - b,
            "*": lambda: a * b,
            "//": lambda: a // b,
            "%": lambda: a % b,
            "min": lambda: min(a, b),
            "max": lambda: max(a, b),
        }[self.op]()

    def __add__(self, other):
        return Const("+", (self, other))

    def __radd__(self, other):
        return Const("+", (other, self))

    def __sub__(self, other):
        return Const("-", (self, other))

    def __rsub__(self, other):
        return Const("-", (other, self))

    def __mul__(self, other):
        return Const("*", (self, other))

    __rmul__ = __mul__

    def __floordiv__(self, other):
        return Const("//", (self, other))

    def __mod__(self, other):
        return Const("%", (self, other))


class Constant(Const):
    """A named constant of a model.  Its name is the module variable that it is bound to."""

    def __init__(self, default, doc, size):
        self.default, self.doc, self.size = default, doc, size

    def value(self, given):
        return given.get(self, self.default)


def constant(default, doc="", size=False):
    """A named constant with its default; a scenario's scope or `--set NAME=VALUE` changes it.

    size: it counts cells of a file, and stands for a number of bytes, see `measured`.
    """
    return Constant(default, doc, size)


def as_c(value, c):
    """An expression of constants that is of type `c` in C, as Range(c=...) says."""
    value.c = c
    return value


# ---------------------------------------------------------------------- types


class Range:
    """The integers lo..hi, both included.  As a field: `Range(0, 3, "doc", init=0)`.

    c: the machine integer that C has in its place, for the proofs about arithmetic: "s32",
    "u32", "s64", "u64", or "ulong", which is as wide as the machine says.
    """

    def __init__(self, lo, hi, doc="", c="", **options):
        for bound in (lo, hi):
            if not isinstance(bound, Const) and type(bound) is not int:
                raise TypeError(f"Range({lo!r}, {hi!r}): its bounds come first, whole numbers or expressions of constants")
        self.lo, self.hi, self.c = lo, hi, c
        self.field = Field(self, doc, **options)


class Bool:
    """The type of flags."""


class Ref:
    """A reference to an instance of `struct` (a class, or its name if it is declared
    further down), or None."""

    def __init__(self, struct, doc="", **options):
        self.struct = struct
        self.field = Field(self, doc, **options)


class EnumValue:
    """One value of an enumeration."""

    def __init__(self, enum, name, number):
        self.enum, self.name, self.number = enum, name, number

    def __repr__(self):
        return self.name


class Enum:
    """An enumeration type; iterate over it for its values."""

    def __init__(self, name, names):
        expect("the name of an enumeration", name, str)
        expect("its values as a text, separated by spaces,", names, str)
        if not names.split() or len(set(names.split())) < len(names.split()):
            raise TypeError(f"enum({name!r}, {names!r}) has " + ("a value twice" if names.split() else "no values"))
        self.name = name
        self.values = tuple(EnumValue(self, n, i) for i, n in enumerate(names.split()))

    def __iter__(self):
        return iter(self.values)


def enum(name, names):
    """`Errno = enum("Errno", "OK EIO ENOSPC")`; then `OK, EIO, ENOSPC = Errno`."""
    return Enum(name, names)

# --------------------------------------------------------------------- fields


class Field:
    """A field of a struct.

    type: Range, Bool, Ref or an Enum.  doc: the kernel's name for it, shown in pictures.
    init: the value in the initial state.  guard: the Lock field (of this struct, or
    `Other.lock` of a struct with one instance, or of one in which instance numbers agree)
    that must be held to read or write it; write_guard: to write it only.  unguarded: a
    constant; where it is above 0 neither is needed.
    """

    def __init__(self, type, doc="", init=None, guard=None, write_guard=None, unguarded=0):
        self.type, self.doc, self.init = type, doc, init
        self.guard, self.write_guard, self.unguarded = guard, write_guard, unguarded
        self.ghost = False
        self.count = None  # of an array
        self.lock = ""
        self.struct = self.name = None  # filled in by Struct


def Flag(doc="", init=False, **options):
    """A field that is True or False; options are those of `Field`."""
    return Field(Bool, doc, init, **options)


def Lock(doc=""):
    """A sleeping lock or spinlock that knows its owner; use `acquire`, `try_acquire`,
    `release`, `held`, `is_locked` on it, inside primitives."""
    field = Field(None, doc)
    field.lock = "mutex"
    return field


def RwLock(doc=""):
    """A lock that one may hold exclusively or several shared: also `acquire_shared`,
    `try_acquire_shared`, `release_shared`, `held_shared`."""
    field = Field(None, doc)
    field.lock = "rwlock"
    return field


def Array(element, count):
    """A field that is an array: `dirty = Array(Flag("dirty bits"), BLOCKS)`."""
    field = _another(_field(element))
    if field.count is not None:
        raise TypeError("an array of arrays: make it one array, indexed by `i * n + j`")
    field.count = count
    return field


def Ghost(element):
    """A field for properties only: code may write it and never branches on it."""
    field = _another(_field(element))
    field.ghost = True
    return field


def _field(declared):
    """What a declaration makes a field: a type makes a new one each time, as it may be used again."""
    if isinstance(declared, Field):
        return declared
    if isinstance(declared, Enum):
        return Field(declared)
    expect("a field or its type, as Flag(...) or Range(0, 3)", declared, Range | Ref)
    return _another(declared.field)


def _another(field):
    """A field like this one, which belongs to no struct yet."""
    new = Field(field.type, field.doc, field.init, field.guard, field.write_guard, field.unguarded)
    new.ghost, new.count, new.lock = field.ghost, field.count, field.lock
    return new


class Instance:
    """Instance `number` of a struct: `inode = Inode[0]`."""

    def __init__(self, struct, number):
        if not isinstance(number, Const) and type(number) is not int:
            raise TypeError(f"{struct.__name__}[{number!r}]: an instance has a whole number, or an expression of constants")
        self.struct, self.number = struct, number


class _StructMeta(type):
    def __new__(meta, name, bases, body, count=1, symmetric=False):
        cls = super().__new__(meta, name, bases, body)
        cls.instances, cls.symmetric = count, symmetric
        cls.fields = {}
        if any(getattr(base, "fields", None) for base in bases):
            raise TypeError(f"{name} inherits fields, which would not be its own: write them out")
        for key, value in body.items():
            if not key.startswith("__"):
                expect(f"a field as {name}.{key}, such as Flag(...) or Range(0, 3, init=1)", value, Field | Range | Ref | Enum)
                field = _field(value)
                if field.struct is not None:
                    first = f"{field.struct.__name__}.{field.name}"
                    raise TypeError(f"{name}.{key} and {first} are one field: declare each by a Flag(), Lock(), ... of its own")
                field.name, field.struct = key, cls
                cls.fields[key] = field
                setattr(cls, key, field)
        return cls

    def __init__(cls, name, bases, body, count=1, symmetric=False):
        super().__init__(name, bases, body)

    def __getitem__(cls, number):
        return Instance(cls, number)


class Struct(metaclass=_StructMeta):
    """Shared state: `class Folio(Struct, count=FOLIOS): ...` declares FOLIOS instances.

    symmetric=True: the instances are interchangeable; they may be compared for equality
    and nothing else, so that the checker may rename them.
    """


class Record(metaclass=_StructMeta):
    """A structure on a thread's own stack, as `struct writeback_control`: `wbc = Wbc()`
    makes a local one, and passing it to a function passes a reference to it.  A parameter
    of type `Record` itself takes any, as `void *data` does."""


class Place:
    """Type of a parameter that stands for the variable named in the call, as a pointer
    does: `def atomic_inc(v: Place): v += 1`, called as `atomic_inc(folio.pending)`."""
