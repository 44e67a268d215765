"""The words that a model may use.  They record what was written, and do nothing else.

A model module is imported, so that its declarations run; its functions are read as
source and never run.  `checker/LANGUAGE.md` is the language on one page.  This file
imports nothing: a model depends on nothing else of the checker.
"""

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
        _expect("the name of an enumeration", name, str)
        _expect("its values as a text, separated by spaces,", names, str)
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
    _expect("a field or its type, as Flag(...) or Range(0, 3)", declared, Range | Ref)
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
                _expect(f"a field as {name}.{key}, such as Flag(...) or Range(0, 3, init=1)", value, Field | Range | Ref | Enum)
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


# ------------------------------------------------------------------ functions


def _refuse_second(function):
    """A function is one thing: of two decorators the second would be forgotten."""
    _expect("a function below the decorator", function, type(_mark))
    if hasattr(function, "checker_kind"):
        raise TypeError(f"{function.__name__}() is declared twice: it is {function.checker_kind} already; write two functions")


def _mark(kind, where, at=None):
    _expect(f'a file\'s name: @{kind}("mm/filemap.c"), or @{kind}() with its parentheses', where, str)

    def decorate(function):
        _refuse_second(function)
        function.checker_kind, function.checker_source, function.checker_at = kind, where, at
        return function

    return decorate


def kernel(where, at=None):
    """A kernel function, mirrored: `where` is its file, `at` the version if not the model's."""
    return _mark("kernel", where, at)


def primitive(where=""):
    """One atomic step: a locked instruction, or a locked region that nobody can look into."""
    return _mark("primitive", where)


def pure(where=""):
    """A function of its arguments and of constants alone; also read by z3."""
    return _mark("pure", where)


def theorem(assumes=""):
    """A statement about pure functions, proved for all values that C's types have.

    Its parameters quantify over those values; it returns a condition, mostly `implies(premise,
    claim)`.  assumes: what the premise takes for granted, in words.
    """

    _expect("the premise in words: @theorem(), or @theorem(assumes=\"...\")", assumes, str)

    def decorate(function):
        _mark("theorem", "")(function)
        function.checker_theorem = assumes
        return function

    return decorate


def inductive(function):
    """A predicate of the state for proofs by induction, as `invariant` is for searches."""
    _mark("inductive", "")(function)
    function.checker_property = ("invariant", {})
    return function


class Induction:
    """A small system, and what is proved of it for any number of steps."""

    def __init__(self, doc, processes, claim, helped_by, k, assumes, seen_as, compared_with, within):
        self.doc, self.processes, self.claim, self.helped_by = doc, processes, claim, tuple(helped_by)
        self.k, self.assumes = k, assumes
        self.seen_as, self.compared_with, self.within = seen_as, tuple(compared_with), within


def induction(doc, *processes, claim, helped_by=(), k=1, assumes="", seen_as=None, compared_with=(), within=1):
    """Prove by k-induction that `claim` holds in every state of these handlers and workers.

    helped_by: further predicates, proved together with it.  assumes: what the system leaves out.
    seen_as: an `inductive` predicate of the model's state and the system's, true of those that go together;
    what it does not mention may be anything.  compared_with: pairs of a scenario of the model and a bound;
    every step there must be up to `within` steps of the system, or none.
    """
    return Induction(doc, processes, claim, helped_by, k, assumes, seen_as, compared_with, within)


class Machine:
    """What C's types and a model's constants are where theorems are proved."""

    def __init__(self, doc, long, geometries):
        self.doc, self.long, self.geometries = doc, long, geometries


def machine(doc, long, geometries):
    """A machine on which theorems hold: bits in a long, and the geometries: each a dict that
    gives constants, and expressions of constants, their real values."""
    return Machine(doc, long, [dict(one) for one in geometries])


class Measured:
    """How the numbers of a model's scope become bytes."""

    def __init__(self, cells, blocks, pages, free):
        self.cells, self.blocks, self.pages, self.free = cells, blocks, pages, free


def measured(cells, blocks, pages, free=""):
    """Cells stand for runs of bytes: `cells` of them are a block, `blocks` blocks a folio, which
    has `pages` pages.  With a real block size in place of `cells` every size is in bytes.  free: the
    name of a scenario whose operations choose any size."""
    return Measured(cells, blocks, pages, free)


# ----------------------------------------------------------------- properties


def _property(kind, options):
    def decorate(function):
        _refuse_second(function)
        function.checker_kind = "property"
        function.checker_property = (kind, options)
        return function

    return decorate


def _with_options(kind, *known):
    def decorator(function=None, **options):
        for name in options:
            if name not in known:
                raise TypeError(f"a property of this kind has no {name}=; it may have: {', '.join(known)}")
        _expect("a baseline as of=", options.get("of"), Baseline | None)
        return _property(kind, options)(function) if function else _property(kind, options)

    return decorator


invariant = _with_options("invariant", "witness", "of")
invariant.__doc__ = "True in every state, for all values of its parameters.  witness=, of=: see LANGUAGE.md."
transition_invariant = _with_options("transition", "witness", "of")
transition_invariant.__doc__ = "True of every step; `old(x)` is x before the step."
after_crash = _with_options("crash", "witness", "of")
after_crash.__doc__ = "True in every state, of what a power failure at this moment would leave."
terminal = _with_options("terminal", "witness", "of")
terminal.__doc__ = "True in every state in which nothing can move any more."
reachable = _with_options("reachable", "bound", "of")
reachable.__doc__ = "True in some state, for some values of its parameters; bound=: from which bound on."
leads_to = _with_options("leads_to", "fair", "of")
leads_to.__doc__ = "returns (p, q): whenever p, then later q, if the processes in fair= are scheduled fairly."

# ---------------------------------------------------- words for function bodies
# They are read by the checker and have no meaning outside of it.


def _word(name, doc):
    def word(*_args, **_kw):
        raise TypeError(f"{name}() has a meaning in a model only; models are checked, not run")

    word.__name__ = word.__qualname__ = name
    word.__doc__ = doc
    word.checker_kind = "word"
    return word


each = _word("each", "`for folio in each(Folio)`: all instances, in ascending order")
number = _word("number", "the number of an instance, from 0")
choose = _word("choose", "any of the given values, of a range, or of a generator with a condition")
wait_until = _word("wait_until", "the step can be taken only when the condition is true")
atomic = _word("atomic", "`with atomic('reason'):` one step, as under a spinlock")
implies = _word("implies", "implies(a, b): b wherever a")
old = _word("old", "in a transition invariant: the value before the step")
warn_on = _word("warn_on", "a violation if true, as WARN_ON")
bug_on = _word("bug_on", "a violation if true, as BUG_ON")
acquire = _word("acquire", "take a lock, waiting for it")
try_acquire = _word("try_acquire", "take a lock if it is free; True if taken")
release = _word("release", "give a lock back; a violation if the caller does not own it")
held = _word("held", "does the caller own the lock (exclusively)?")
is_locked = _word("is_locked", "does anybody hold the lock?")
acquire_shared = _word("acquire_shared", "take an RwLock shared")
try_acquire_shared = _word("try_acquire_shared", "take an RwLock shared if nobody has it exclusively")
release_shared = _word("release_shared", "give a shared RwLock back")
held_shared = _word("held_shared", "does the caller hold the RwLock shared?")
hand_over = _word("hand_over", "the lock has no owner any more but stays locked; any process may release it")

# ------------------------------------------------------------------- variants


class Edit:
    """One change of one function."""

    def __init__(self, verb, inside, anchor=None, new=None, nth=None):
        self.verb, self.inside, self.anchor, self.new, self.nth = verb, inside, anchor, new, nth


def drop(anchor, inside, nth=None):
    """Leave out the statement that calls `anchor`."""
    return Edit("drop", inside, anchor, None, nth)


def swap(first, second, inside, nth=None):
    """Exchange the statements that call `first` and `second`, in the same block of code."""
    return Edit("swap", inside, first, second, nth)


def replace(anchor, by, inside, nth=None):
    """Call `by` instead of `anchor`, with the same arguments."""
    return Edit("replace", inside, anchor, by, nth)


def insert_before(anchor, new, inside, nth=None):
    """Call `new` before the statement that calls `anchor`; each parameter of `new` is
    bound to the variable of the same name in `inside`."""
    return Edit("insert_before", inside, anchor, new, nth)


def insert_after(anchor, new, inside, nth=None):
    """As insert_before, behind the statement."""
    return Edit("insert_after", inside, anchor, new, nth)


def override(function, by):
    """The whole function, written anew."""
    return Edit("override", function, None, by)


def _expect(what, value, kind):
    if not isinstance(value, kind):
        raise TypeError(f"expected {what}, not {type(value).__name__}")


class Design:
    """A set of edits of a system's baseline; its name is the module variable."""

    def __init__(self, doc, edits, of, undoes, scenario, set):
        _expect("a sentence on what it changes", doc, str)
        for edit in edits:
            _expect("an edit, as drop(...) or override(...)", edit, Edit)
        self.doc, self.edits, self.of, self.undoes = doc, tuple(edits), of, undoes
        self.scenario, self.set = scenario, dict(set or {})

    def __add__(self, other):
        _expect("a design", other, Design)
        if reason := unfit(self, other):
            raise TypeError("these designs do not compose: " + reason.format("one", "another"))
        return Design(
            self.doc + " And: " + other.doc, self.edits + other.edits, self.of or other.of,
            self.undoes or other.undoes, self.scenario or other.scenario, {**self.set, **other.set},
        )


class Baseline(Design):
    """A system as it is."""


def unfit(one, other, name_of=lambda thing: thing.doc):
    """Why two designs do not compose, with {0} and {1} for their names; "" if they do.

    name_of: what baselines and constants are called in the reason."""
    for number, design in enumerate((one, other)):
        if isinstance(design, Baseline):
            return f"{{{number}}} is a baseline, and a baseline is what designs are added to: name its variants alone"
    if one.of is not other.of and None not in (one.of, other.of):
        return f"{{0}} is a change of {name_of(one.of)}, and {{1}} of {name_of(other.of)}"
    if any(edit in one.edits for edit in other.edits):
        return "{0} and {1} have the same edit"
    for constant, value in other.set.items():
        if constant in one.set and one.set[constant] is not value and one.set[constant] != value:
            return f"{{0}} and {{1}} give {constant if isinstance(constant, str) else name_of(constant)} different values"
    return ""


def baseline(doc, *edits):
    """A system as it is; scenarios, variants and properties name it with `of=`.

    edits: what the function pointers of the text stand for in this system.  They come with its
    scenarios, under every design; a variant's edit of the same statement goes before them.
    """
    return Baseline(doc, edits, None, None, None, None)


def variant(doc, *edits, of=None, undoes=None, scenario=None, set=None):
    """A design that differs from a baseline by `edits`.

    undoes: the kernel commit that made the difference.  scenario, set: the scenario (and
    constants) in which it is best looked at, if not the system's first.
    """
    _expect("a baseline as of=; a change of a design is added to it: design + variant(...)", of, Baseline | None)
    return Design(doc, edits, of, undoes, scenario, set)


# ------------------------------------------------------------------ scenarios


class Process:
    """A process of a scenario."""

    def __init__(self, kind, name, functions, count, per, at_most):
        self.kind, self.name, self.functions = kind, name, functions
        self.count, self.per, self.at_most = count, per, at_most


def thread(name, *operations, count=1, per=None):
    """A thread that starts any of `operations`, one after the other, as long as the bound
    allows.  per=Struct: one thread for each instance, which is the operations' argument."""
    return Process("thread", name, operations, count, per, None)


def interrupt(name, function, count=1, per=None):
    """A handler that runs whenever its first wait is over, again and again."""
    return Process("interrupt", name, (function,), count, per, None)


def worker(name, function, count=1, per=None):
    """A kernel worker: as an interrupt, but it may sleep."""
    return Process("worker", name, (function,), count, per, None)


def process(name, function, count=1, per=None):
    """A process that runs `function` once and ends."""
    return Process("process", name, (function,), count, per, None)


class Scenario:
    """Who runs what, in which scope; its name is the module variable."""

    def __init__(self, doc, processes, of, setup, scope, bound, lock_order, properties):
        _expect("a sentence on who runs what", doc, str)
        for process in processes:
            _expect("a process, as thread(...) or worker(...)", process, Process)
        self.doc, self.processes, self.of, self.setup = doc, processes, of, setup
        self.scope, self.bound, self.lock_order = scope, bound, lock_order
        self.properties = properties


def scenario(
    doc, *processes, like=None, also=(), without=(), of=None, setup=None, scope=None, bound=None, lock_order=None, properties=None
):
    """A scenario.

    of: the baseline that it belongs to (None: any model in this file).  setup: a function
    that makes the initial state, as one step before all others.  scope: values of
    constants, `{FOLIOS: 2}`.  bound: default of --bound.  lock_order: Lock fields, outermost
    first; taking one (other than by try) while holding a later one, or a higher instance of
    the same, is a violation.  properties: the properties checked (None: all loaded).

    like: another scenario, of which this one has all that is not said here.  scope: the values
    that differ.  processes: each takes the place of the one of its name.  also: further
    processes; a thread comes behind the threads, a handler behind all.  without: the names
    of those that are left out.  Raises TypeError if there is none of such a name.
    """
    _expect("a baseline as of=", of, Baseline | None)
    _expect("that lock_order= is a tuple of locks, outermost first", lock_order, tuple | list | None)
    if like is not None:
        _expect("a scenario, declared above, as like=", like, Scenario)
        processes = _processes_like(like.processes, processes, also, without)
        of, setup, bound = of or like.of, setup or like.setup, like.bound if bound is None else bound
        scope = {**like.scope, **(scope or {})}
        lock_order = like.lock_order if lock_order is None else lock_order
        properties = like.properties if properties is None else properties
    elif also or without:
        raise TypeError("also= and without= say how a scenario differs from the one that is named by like=")
    return Scenario(doc, processes, of, setup, dict(scope or {}), bound, tuple(lock_order or ()), properties)


def _processes_like(others, instead, also, without):
    """`others`, of which some are replaced, some are left out, and to which some are added."""
    _expect("that also= is a tuple of processes, as (thread(...),)", also, tuple | list)
    _expect('that without= is a tuple of names, as ("writer",)', without, tuple | list)
    for process in (*instead, *also):
        _expect("a process, as thread(...) or worker(...)", process, Process)
    names = [process.name for process in others]
    for name in (*(process.name for process in instead), *without):
        if name not in names:
            raise TypeError(f"the scenario of like= has no process {name!r}, but {', '.join(map(repr, names))}; also= adds one")
    for process in also:
        if process.name in names:
            raise TypeError(f"the scenario of like= has a process {process.name!r}: without also=, it is replaced")
    replaced = {process.name: process for process in instead}
    kept = [replaced.get(process.name, process) for process in others if process.name not in without]
    acting = [p for p in (*kept, *also) if p.kind in ("thread", "process")]
    return (*acting, *(p for p in (*kept, *also) if p not in acting))


class Drawing:
    """How counterexamples draw a row of cells."""

    def __init__(self, title, row, letters, group, marks, over, durable, legend):
        self.title, self.row, self.letters, self.group = title, row, dict(letters), group
        self.marks, self.over = tuple(marks), tuple((over or {}).items())
        self.durable, self.legend = durable, legend


def drawing(title, row, letters, group=1, marks=(), over=None, durable=False, legend=""):
    """A row of cells in counterexamples, as `|DDDD0000|` with a caret under each mark.

    row: a field of all instances of a struct, one character each (an array field: one for
    each element).  letters: the character of each value.  group: cells between two bars.
    marks: integer fields, of structs with one instance, that count cells.  over: further
    fields, with letters that replace those of the row; an element stands for an equal share
    of the cells: `over={Folio.mapping: {False: " "}}`.  durable: the row outlives a power
    failure.  legend: one line on what the letters mean.
    """
    return Drawing(title, row, letters, group, marks, over, durable, legend)
