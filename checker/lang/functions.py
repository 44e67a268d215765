"""What a function of a model is: mirrored, one step, a property; and the words that stand in their bodies."""

from .designs import Baseline
from .expect import expect


def refuse_second(function):
    """A function is one thing: of two decorators the second would be forgotten."""
    expect("a function below the decorator", function, type(mark))
    if hasattr(function, "checker_kind"):
        raise TypeError(f"{function.__name__}() is declared twice: it is {function.checker_kind} already; write two functions")


def mark(kind, where, at=None):
    expect(f'a file\'s name: @{kind}("mm/filemap.c"), or @{kind}() with its parentheses', where, str)

    def decorate(function):
        refuse_second(function)
        function.checker_kind, function.checker_source, function.checker_at = kind, where, at
        return function

    return decorate


def kernel(where, at=None):
    """A kernel function, mirrored: `where` is its file, `at` the version if not the model's."""
    return mark("kernel", where, at)


def primitive(where=""):
    """One atomic step: a locked instruction, or a locked region that nobody can look into."""
    return mark("primitive", where)


def pure(where=""):
    """A function of its arguments and of constants alone; also read by z3."""
    return mark("pure", where)

# ----------------------------------------------------------------- properties


def _property(kind, options):
    def decorate(function):
        refuse_second(function)
        function.checker_kind = "property"
        function.checker_property = (kind, options)
        return function

    return decorate


def _with_options(kind, *known):
    def decorator(function=None, **options):
        for name in options:
            if name not in known:
                raise TypeError(f"a property of this kind has no {name}=; it may have: {', '.join(known)}")
        expect("a baseline as of=", options.get("of"), Baseline | None)
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
