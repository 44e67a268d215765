"""The intermediate representation: what every engine reads, and nothing else.

A *program* is a set of variables and a set of processes.  A process is a set of
*blocks*; one block is one transition: a guard, a body of effects, and the label
to go to.  A state gives a value to every element of every variable, and a label
to every process instance.

The grammar (`checker.ir.text` writes it, `checker.ir.check` holds it):

    program  = variables, processes, properties, ranks
    variable = name type [count] [shared | local of PROCESS] [ghost] init
    process  = name, instances, blocks, entry, rests
    block    = label, guard, body, call, frames
    body     = statement*                 every path through it ends in Goto or Fail
    statement= Assign | If | Choose | Check | Fail | Note | Goto
    expr     = Const | Read | Self | Instance | Unary | Binary | Ite

Meaning, the same in every engine:

* A block of an instance can be taken in a state where the instance stands at its
  label and the guard is true.  The body runs in order on a copy of the state;
  nothing comes between.  `Goto` ends it and gives one successor.
* `Choose` runs the rest of the body once for each value lo..hi, in that order;
  each run gives a successor of its own.  Where a later `Goto` is not reached
  because a `Check` fails, that run is a violation and has no successor.
* `Check` that is false, and `Fail`, is a violation of the property that they name.
* All values are integers: a flag is 0 or 1, an enumeration value its number, a
  reference 0 for None and k+1 for instance k, an owner 0 for nobody and otherwise
  the process number (`Self`, counted from 1 over all instances of all processes).
* A local variable has `count` elements in every instance of its process.  In a
  block it always means that of the instance that takes the step.
* An index outside 0..count-1 reads element 0 and writes nothing.  Lowering puts a
  `Check` before every access where that could happen, so no accepted program
  depends on it; it keeps engines free of undefined behaviour.
* Locals that are dead at a label are zero (their `lo`) in every state with that
  label: `Goto` resets every local that is not in the target block's `live`.
* `Binary` "//" and "%" round down as Python's do; ircheck demands a constant
  positive divisor.  "and" and "or" take and give 0 or 1 and evaluate both sides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

# ------------------------------------------------------------------ types


@dataclass(frozen=True)
class Type:
    """Values lo..hi and how to show them.

    kind: "bool", "int", "enum", "ref" (name: the struct) or "owner".
    names: for an enumeration, the name of value lo, lo+1, ...
    """

    kind: str
    lo: int
    hi: int
    name: str = ""
    names: tuple[str, ...] = ()


BOOL = Type("bool", 0, 1, "bool")


def int_type(lo: int, hi: int, name: str = "") -> Type:
    return Type("int", lo, hi, name)


def as_in_c(struct: str) -> str:
    """The name of a struct as C writes it: "BufferHead" is buffer_head."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", struct).lower()


# -------------------------------------------------------------- variables


@dataclass(frozen=True)
class LockGuard:
    """The lock under which a variable may be accessed.

    lock: name of the lock variable.  same: None if the lock has one element that
    guards all; else n: element i of the variable is guarded by lock element i // n.
    reads: whether reading needs the lock as well.
    The rule is checked by `Check`s that lowering writes; this record lets the
    reductions know it.
    """

    lock: str
    same: int | None
    reads: bool


@dataclass(frozen=True)
class Variable:
    """A variable of `count` elements, each of type `type`.

    name: "Folio.dirty" for a struct's field (element k belongs to instance
    k // per), "writer:iomap_write_iter.pos" for a local.
    process: None if shared, else the name of its process.
    init: value of each element in the initial state (before the setup block).
    per: for a field, elements in one instance (1 unless the field is an array).
    label: what a picture calls it ("PG_dirty"); struct, field: the source names.
    """

    name: str
    type: Type
    count: int = 1
    init: tuple[int, ...] = (0,)
    process: str | None = None
    ghost: bool = False
    per: int = 1
    label: str = ""
    struct: str = ""
    field: str = ""
    guard: LockGuard | None = None
    lock: str = ""  # "", "mutex" (type owner) or "readers" (of an RwLock: a flag for each process)


# ------------------------------------------------------------ expressions


@dataclass(frozen=True)
class Expr:
    """Base of the seven expressions."""


@dataclass(frozen=True)
class Const(Expr):
    value: int


@dataclass(frozen=True)
class Read(Expr):
    """Element `index` of variable `var`; old: in the state before the step
    (transition invariants only)."""

    var: str
    index: Expr = Const(0)
    old: bool = False


@dataclass(frozen=True)
class Self(Expr):
    """Number of the process instance that takes the step, from 1."""


@dataclass(frozen=True)
class Instance(Expr):
    """Which instance of its own process takes the step, from 0."""


@dataclass(frozen=True)
class Unary(Expr):
    """op: "not" (0/1) or "-"."""

    op: str
    operand: Expr


@dataclass(frozen=True)
class Binary(Expr):
    """op: one of BINARY_OPS."""

    op: str
    left: Expr
    right: Expr


@dataclass(frozen=True)
class Ite(Expr):
    """`then` if `cond` else `other`; only the taken side's value matters."""

    cond: Expr
    then: Expr
    other: Expr


ARITHMETIC = ("+", "-", "*", "//", "%", "min", "max")
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")
LOGIC = ("and", "or")
BINARY_OPS = ARITHMETIC + COMPARISONS + LOGIC
UNARY_OPS = ("not", "-")

# ------------------------------------------------------------- statements


@dataclass(frozen=True)
class Pos:
    """A place in a source file."""

    file: str
    line: int


NOWHERE = Pos("", 0)


@dataclass(frozen=True)
class Stmt:
    """Base of the seven statements."""


@dataclass(frozen=True)
class Assign(Stmt):
    """var[index] := value.  Lowering has put a Check before it where the value
    could leave the variable's range."""

    var: str
    index: Expr
    value: Expr
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class If(Stmt):
    """A path that leaves an arm without Goto or Fail goes on behind the If.
    An arm may hold a Choose only if the If is the last statement of its list."""

    cond: Expr
    then: tuple[Stmt, ...]
    other: tuple[Stmt, ...] = ()
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class Choose(Stmt):
    """local scalar `var` := each value of lo..hi for which `where` is true once var
    has that value; one run of the rest of the body for each."""

    var: str
    lo: int
    hi: int
    where: Expr = Const(1)
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class Check(Stmt):
    """If cond is 0: violation of property `name` with `message`."""

    cond: Expr
    name: str
    message: str
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class Fail(Stmt):
    name: str
    message: str
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class Note(Stmt):
    """For pictures only: the value of `value` at this point, e.g. what a call
    returned.  It has no effect."""

    text: str
    value: Expr
    type: Type
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class Goto(Stmt):
    label: int


# ----------------------------------------------------- blocks and programs


@dataclass(frozen=True)
class Frame:
    """One level of the call chain: `function` is executing `pos`."""

    function: str
    pos: Pos


@dataclass(frozen=True)
class Call:
    """What a picture shows for a step: the primitive or operation and its arguments,
    evaluated in the state before the step."""

    name: str
    args: tuple[tuple[str, Expr, Type], ...] = ()


@dataclass(frozen=True)
class Block:
    """One transition of one process.

    frames: outermost first; the last is the statement that makes the step.
    atomic: the reason given, if the step groups several shared accesses.
    live: names of the locals that are live on entry.
    starts: the step starts an operation (and has lowered `ops_left`).
    """

    label: int
    guard: Expr
    body: tuple[Stmt, ...]
    call: Call
    frames: tuple[Frame, ...] = ()
    atomic: str = ""
    live: frozenset[str] = frozenset()
    starts: bool = False


@dataclass(frozen=True)
class Process:
    """A process type.

    kind: "thread", "interrupt", "worker" or "process" (no operations).
    instances: how many run; blocks: indexed by label; entry: first label.
    rests: labels at which it is right to stand for ever (idle, done, waiting for
    work); a state without transitions in which some instance stands elsewhere is
    a deadlock.
    """

    name: str
    kind: str
    instances: int
    blocks: tuple[Block, ...]
    entry: int
    rests: frozenset[int]
    names: tuple[str, ...] = ()  # display name of each instance


@dataclass(frozen=True)
class Instantiation:
    """A property for one binding of its parameters: `expr` must be 1.
    premise: the left side of an `implies` that forms the whole predicate, or None."""

    binding: tuple[tuple[str, str], ...]  # ("folio", "folio 1")
    expr: Expr
    premise: Expr | None = None


@dataclass(frozen=True)
class Property:
    """kind: "invariant", "transition" (reads with old=True allowed), "reachable",
    "crash" (an invariant that speaks of what a power failure leaves), "terminal"
    (judged in states without transitions), "leads_to" (expr: from; `target`: to).

    reachable: holds if some instantiation is true in some state.
    """

    name: str
    kind: str
    doc: str
    instances: tuple[Instantiation, ...]
    target: tuple[Expr, ...] = ()  # leads_to: one for each instantiation
    fair: tuple[str, ...] = ()  # leads_to: processes that are weakly fair
    witness: str = ""  # name of the reachable property that shows it is not vacuous
    from_bound: int = 0  # reachable: the least bound at which it must be reached
    pos: Pos = NOWHERE


@dataclass(frozen=True)
class Program:
    """Everything that an engine needs.

    setup: run once, atomically, by nobody, on the state made of the inits; its
    Chooses give several initial states; it ends with Goto(0).
    symmetric: names of structs whose instances are interchangeable.
    bound: the operations that may be started, or None if the model counts none, or for any number of them.
    digest: a hash that tells this program from all others, or "" if none is known.
    """

    name: str
    variables: tuple[Variable, ...]
    processes: tuple[Process, ...]
    properties: tuple[Property, ...] = ()
    setup: tuple[Stmt, ...] = (Goto(0),)
    symmetric: tuple[str, ...] = ()
    bound: int | None = None
    constants: tuple[tuple[str, int], ...] = ()
    structs: tuple[tuple[str, int], ...] = ()  # name, instances
    digest: str = field(default="", compare=False, repr=False)
    by_name: dict[str, Variable] = field(default_factory=dict, compare=False, repr=False, hash=False)

    def __post_init__(self) -> None:
        self.by_name.update((v.name, v) for v in self.variables)

    def variable(self, name: str) -> Variable:
        return self.by_name[name]

    @property
    def any_number(self) -> bool:
        """Is it about any number of operations?  Then OPS_LEFT is 1, or 0 behind the last one."""
        return self.bound is None and OPS_LEFT in self.by_name

    def with_bound(self, bound: int) -> Program:
        """The same with another bound; without a digest, which is one of the source."""
        variables = tuple(replace(v, init=(bound,)) if v.name == OPS_LEFT else v for v in self.variables)
        return replace(self, variables=variables, bound=bound, by_name={}, digest="")

    def first_self(self, process: Process) -> int:
        """Process number (Self) of the first instance of `process`."""
        before = self.processes[: self.processes.index(process)]
        return 1 + sum(p.instances for p in before)


OPS_LEFT = "ops_left"  # the shared variable that counts the operations still to be started
ANY = "any"  # a bound: any number of operations

# Names of the violations that need no declaration.
DEADLOCK = "deadlock"
RANGE = "range"  # a value outside its declared range, an index outside its array
NULL = "null_reference"
OWNER = "lock_owner"  # unlock by a process that does not hold the lock
LEAK = "lock_leak"  # a process that has ended what it does and still holds a lock
LOCK_ORDER = "lock_order"
GUARD = "guard"  # an access without the lock that guards it
WARN = "warn_on"
BUG = "bug_on"
ALWAYS_ON = (DEADLOCK, RANGE, NULL, OWNER, LEAK, LOCK_ORDER, GUARD, WARN, BUG)
