"""What is proved instead of searched: theorems of pure functions, inductions over small systems, and sizes in bytes."""

from .expect import expect
from .functions import mark


def theorem(assumes=""):
    """A statement about pure functions, proved for all values that C's types have.

    Its parameters quantify over those values; it returns a condition, mostly `implies(premise,
    claim)`.  assumes: what the premise takes for granted, in words.
    """

    expect("the premise in words: @theorem(), or @theorem(assumes=\"...\")", assumes, str)

    def decorate(function):
        mark("theorem", "")(function)
        function.checker_theorem = assumes
        return function

    return decorate


def inductive(function):
    """A predicate of the state for proofs by induction, as `invariant` is for searches."""
    mark("inductive", "")(function)
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
