"""Designs: baselines, and variants that differ from them by edits."""

from .expect import expect


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


class Design:
    """A set of edits of a system's baseline; its name is the module variable."""

    def __init__(self, doc, edits, of, undoes, scenario, set):
        expect("a sentence on what it changes", doc, str)
        for edit in edits:
            expect("an edit, as drop(...) or override(...)", edit, Edit)
        self.doc, self.edits, self.of, self.undoes = doc, tuple(edits), of, undoes
        self.scenario, self.set = scenario, dict(set or {})

    def __add__(self, other):
        expect("a design", other, Design)
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
    expect("a baseline as of=; a change of a design is added to it: design + variant(...)", of, Baseline | None)
    return Design(doc, edits, of, undoes, scenario, set)
