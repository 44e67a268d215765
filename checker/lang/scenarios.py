"""Scenarios: who runs what, in which scope."""

from .designs import Baseline
from .expect import expect


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
        expect("a sentence on who runs what", doc, str)
        for process in processes:
            expect("a process, as thread(...) or worker(...)", process, Process)
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
    expect("a baseline as of=", of, Baseline | None)
    expect("that lock_order= is a tuple of locks, outermost first", lock_order, tuple | list | None)
    if like is not None:
        expect("a scenario, declared above, as like=", like, Scenario)
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
    expect("that also= is a tuple of processes, as (thread(...),)", also, tuple | list)
    expect('that without= is a tuple of names, as ("writer",)', without, tuple | list)
    for process in (*instead, *also):
        expect("a process, as thread(...) or worker(...)", process, Process)
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
