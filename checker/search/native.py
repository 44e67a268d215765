"""The native engine: the levels of the search, around the loop of `checker.native.loop.visited`.

The loop is left some twenty times a second, to look at the limits and to show progress.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..base.errors import InternalError
from ..base.limits import available_memory
from ..base.patience import OutOfTime, within
from ..ir.interpreter import Interpreter
from ..ir.program import OPS_LEFT, Program
from ..ir.sites import REST, STATE, STEP, TRANSITION, Site
from ..native.build import MachineCode, is_kept
from ..native.codegen.ample import Tables
from ..native.codegen.instructions import ALL_ONES
from ..native.codegen.program import Info, NativeText
from ..native.disk import DiskFull
from ..native.layout import Layout
from ..native.loop import chains, visited
from ..native.loop.expand import expand
from ..native.memory import apart, reserve
from ..reduce.ample import Ample
from ..reduce.symmetry import NONE, Group, symmetries
from .ample_check import check_sample
from .exploration import PARTIAL_ORDER, Candidate, Exploration, Found, Limits, Progress, State, sentence, settle
from .native_digest import digest_of
from .real_run import real_run
from .self_check import check_orbits
from .store import Store

SLICE = 0.05  # seconds between two looks at the limits
FIRST_BUDGET = 2_000  # states expanded before the first look
MOST_BUDGET = 1 << 30
ALONE = 2_000  # states in a frontier up to which one thread does it all
LOOK = 0.2  # seconds between two looks at the machine's memory
IMPROVE_AFTER = 1.0  # seconds of search after which better code is worth its making
SHARE = 0.9  # of the available memory that a search takes if it has no limit
LEFT_TO_OTHERS = 200 << 20  # bytes of the machine's memory that no search takes


LOOKED_AT = 1 << 18  # states of which it is asked how many operations were started in them
TRIAL = 5_000  # states after which it is decided whether the reduction goes on
WORTHWHILE = 0.1  # the share of steps that have to be ample


class NoReduction(Exception):
    """Hardly any step is ample: the search is better begun anew without the reduction."""


class Search:
    """One run of the native engine."""

    def __init__(
        self,
        program: Program,
        limits: Limits,
        threads: int,
        stop: bool,
        progress: Callable[[Progress], None] | None,
        reduced: bool = False,
        symmetric: bool = False,
        self_check: bool = False,
    ) -> None:
        self.started = time.perf_counter()
        self.limits, self.threads, self.stop, self.progress = limits, threads, stop, progress
        self.interpreter = Interpreter(program)
        self.self_check = self_check
        found = symmetries(program, self.interpreter.initial_states()) if symmetric else NONE
        classes = found.classes
        self.group = Group(program, classes) if classes else None
        self.native = NativeText(program, reduced=reduced, classes=classes)
        self.layout = self.native.layout
        self.machine = MachineCode(lambda: self.native.text, self.native.entry_points, self.native.made_from)
        limit = limits.memory if limits.memory is not None else int(SHARE * available_memory())
        most = self.native.most + (chains.MOST_ENDS if reduced else 0)
        self.store = Store(self.layout, limit, most, threads, limits.directory, not classes)
        self.code = self._code()
        self.reduction = self._reduction() if reduced else None
        self.workers = [self._worker() for _ in range(threads)]
        self.passages = [self._passage() for _ in range(threads)]
        self.told = [0] * threads  # records of each worker that are settled
        self.budget = FIRST_BUDGET
        self.shown = self.looked = 0.0  # when progress was shown, and when the machine's memory was looked at
        self.first = self.end = 0  # the frontier: these states
        self.result = Exploration(
            reduced=reduced, symmetries=tuple(one.name(program) for one in classes), off=found.off, threads=threads,
            words=self.layout.words, bits=self.layout.bits,
        )  # fmt: skip

    def run(self) -> Exploration:
        self.load()
        result, self.started = self.result, time.perf_counter()
        with ThreadPoolExecutor(max(self.threads - 1, 1)) as self.pool:
            try:
                result.stopped_by = self._levels()
            except (MemoryError, DiskFull) as error:  # not even the initial states have room
                result.stopped_by = self._no_room(error)
            finally:
                self.machine.close()
        if self.stop and result.violation:
            result.stopped_by = "violation"
        if self.reduction is not None:
            self._check_reduction()
        result.complete = not result.stopped_by
        if result.complete and not result.reduced and self.limits.operations is None:
            result.sizes = self._sizes()
        result.came = self._comes_to(self.limits.steps)
        result.states, result.transitions = self.store.count(), self._transitions()
        result.exercised = self._exercised()
        result.disk_bytes = self.store.disk_bytes()
        result.bytes_per_state = (self.store.bytes() + result.disk_bytes) / max(result.states, 1)
        result.seconds = time.perf_counter() - self.started
        self._check_itself()
        return result

    def _check_itself(self) -> None:
        """Is what was stored what stands for the states that were found?"""
        if self.group is None or self.limits.operations is not None:
            return

        def stored(number: int) -> State:
            words = [int(word) for word in self.store.state(number)]
            state = self.layout.unpack(words)
            if self.layout.pack(state) != words:
                raise InternalError("a stored state has bits that nothing stands for")
            return state

        def canonical(state: State) -> State:
            return self.layout.unpack(self._canonical([self.layout.pack(state)])[0])

        closed = self.result.complete and self.reduction is None
        check_orbits(self.interpreter, self.group, stored, self.store.count(), canonical, self.self_check, closed)

    def _code(self) -> visited.Code:
        native, info = self.native, self.native.info
        judged = native.sites.of_kind(STATE) or any(w.kind == STATE for w in native.witnesses)
        address = self.machine.addresses
        judge = address["judge"] if judged else 0
        store = self.store
        return visited.Code(
            address["step"], judge, address["sift"], store.words, store.row, int(store.inline), int(store.folded),
            info.records, info.record,
        )  # fmt: skip

    def _reduction(self) -> chains.Reduction:
        """What the loop needs to pass through states with an ample process."""
        native, address, ample = self.native, self.machine.addresses, self.native.ample
        tables = Tables(native.actors, ample.tables, ample.words)
        return chains.Reduction(
            address["look"], address["commutes"], address["take"], address.get("judge_step", 0), len(native.actors),
            len(ample.tables.held), ample.words, tables.first, tables.candidate, tables.future, tables.guards, tables.held,
        )  # fmt: skip

    def _check_reduction(self) -> None:
        """Hold a sample of ample steps against their definition, with the tables that were used."""
        rule = Ample(self.interpreter, self.native.ample.tables)
        check_sample(rule, self.store.count(), lambda number: self.layout.unpack(self.store.state(number)))

    def _passage(self) -> chains.Passage | None:
        if self.reduction is None:
            return None
        words, granule_words = self.layout.words, self.reduction.granule_words
        stack = chains.FULL + 2 * self.native.most
        looked = 2 * self.reduction.actors + self.reduction.held_count + 1
        masks = [apart(2 * granule_words) for _ in range(4)]
        behind = apart((self.reduction.actors + 1) * 2 * granule_words)
        return chains.Passage(
            apart(looked, np.int64), *masks[:3], behind, masks[3], apart(self.reduction.actors, np.int64),
            reserve(stack * words, np.uint64), apart(stack, np.int64), reserve(self.native.most * words, np.uint64),
        )  # fmt: skip

    def _worker(self) -> visited.Worker:
        room, store = visited.BATCH + self._most_at_once(), self.store
        out = reserve(room * store.words, np.uint64)
        return visited.Worker(
            out, reserve(room, np.uint64), reserve(room, np.uint32), apart(visited.RECENT * store.words),
            apart(self.native.info.size, np.int64), apart(8, np.int64), store.folder(out, room),
        )  # fmt: skip

    def _most_at_once(self) -> int:
        """Successors that one state may have, with all that the chains behind them may end in."""
        return self.native.most if self.reduction is None else self.native.most + chains.MOST_ENDS

    def load(self) -> None:
        """Have the loop compiled, or loaded, before the clock starts: on an empty frontier."""
        if self.result.compile_seconds:
            return
        visited.begin(self.store.space, self.workers[0], self.code, self.store.shift, 0)
        visited.index_rows(self.store.space, self.workers[0], self.code, self.store.shift, 0, 0)
        self._slice(0)
        self.store.shared[visited.NEXT] = 0
        self.result.compile_seconds = time.perf_counter() - self.started

    def _comes_to(self, steps: frozenset[tuple[int, int]]) -> bool:
        """Does a process stand at one of these labels in a stored state?"""
        cells = {slot: (lo, word, shift, mask) for slot, lo, word, shift, mask in self.layout.cells}
        for actor in self.native.actors:
            wanted = [label for process, label in steps if process == actor.index]
            slot = self.layout.slots.pc(actor.index, actor.instance)
            if slot not in cells:
                if self.layout.slots.lo[slot] in wanted:
                    return True
                continue
            lo, word, shift, mask = cells[slot]
            for step in (1 + self.store.count() // LOOKED_AT, 1) if wanted else ():  # a part first
                labels = (self.store.words_at(word, step) >> np.uint64(shift) & np.uint64(mask)).astype(np.int64)
                if np.isin(labels + lo, wanted).any():
                    return True
        return False

    def _sizes(self) -> dict[int, int]:
        """About how many states each bound up to this one has: those in which so many operations were started.

        Exact without reduction up to LOOKED_AT states, of more a part is looked at."""
        bound, count = self.interpreter.program.bound, self.store.count()
        sections = self.layout.sections(OPS_LEFT) if bound else ()
        if not sections:
            return {}
        step, section = 1 + count // LOOKED_AT, sections[0]
        left = self.store.words_at(section.word, step) >> np.uint64(section.shift) & np.uint64((1 << section.width) - 1)
        started = np.cumsum(np.bincount(left.astype(np.int64), minlength=bound + 1)[::-1])
        return {k: min(int(started[k]) * step, count) for k in range(bound)} | {bound: count}

    # ---- levels

    def _levels(self) -> str:
        """Search level by level; what stopped it."""
        self._begin()
        while self.first < self.end and not (self.stop and self.result.violation):
            self.store.shared[visited.NEXT], self.store.shared[visited.FRONTIER_END] = self.first, self.end
            try:
                why = self._expand()
            except (MemoryError, DiskFull) as error:
                why = self._no_room(error)
            self._end_level()
            if why:
                return why
            if self.reduction is not None and self._useless():
                raise NoReduction
        return ""

    def _no_room(self, error: MemoryError | DiskFull) -> str:
        """What there was no room in."""
        self.result.stopped_because = str(error)
        return "disk" if isinstance(error, DiskFull) else "memory"

    def _useless(self) -> bool:
        """Has the reduction cost more than it saves, by what the first states show?"""
        passed = sum(int(worker.own[visited.PASSED]) for worker in self.workers)
        return TRIAL <= self.store.count() < 4 * TRIAL and passed < WORTHWHILE * self._transitions()

    def _begin(self) -> None:
        """Store the initial states."""
        states = self._canonical([self.layout.pack(state) for state in self._initial_states()])
        worker = self.workers[0]
        for start in range(0, len(states), visited.BATCH):
            some = np.array(states[start : start + visited.BATCH], np.uint64)
            worker.out[: some.size] = some.ravel()
            self._make_room()
            visited.begin(self.store.space, worker, self.code, self.store.shift, len(some))
        for each in self.workers:  # what is in `recent` has to be in the table
            each.recent[:] = np.tile(np.array(states[0], np.uint64), visited.RECENT)
        self._end_level()

    def _initial_states(self) -> list[State]:
        """Those of the program, with fewer operations left if only these are to be counted."""
        states, operations = self.interpreter.initial_states(), self.limits.operations
        if operations is None:
            return states
        place = self.layout.slots.at(OPS_LEFT, 0)
        return [(*state[:place], operations, *state[place + 1 :]) for state in states]

    def _canonical(self, states: list[list[int]]) -> list[list[int]]:
        """The packed states that stand for these, each once."""
        if self.group is None:
            return states
        rows = np.array(states, np.uint64)
        canonical = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.machine.addresses["canonical"])
        for row in rows:
            canonical(row.ctypes.data)
        return [list(row) for row in dict.fromkeys(tuple(row.tolist()) for row in rows)]

    def _expand(self) -> str:
        """Expand the frontier; what stopped it before its end."""
        workers = list(range(self.threads if self.end - self.first > ALONE else 1))
        while workers:
            started = time.perf_counter()
            jobs = [self.pool.submit(self._slice, worker) for worker in workers[1:]]
            done = [self._slice(workers[0]), *(job.result() for job in jobs)]
            workers = [worker for worker, idle in zip(workers, done) if not idle]
            if workers:
                self._adapt(time.perf_counter() - started)
            if why := self._look():
                return why
            self._make_room()
        return ""

    def _slice(self, number: int) -> bool:
        worker, passage = self.workers[number], self.passages[number]
        return expand(self.store.space, worker, self.code, self.store.shift, self.budget, self.reduction, passage)

    def _adapt(self, seconds: float) -> None:
        """Let the next slice take about SLICE seconds."""
        if seconds < SLICE / 2:
            self.budget = min(self.budget * 2, MOST_BUDGET)
        elif seconds > SLICE * 2:
            self.budget = max(self.budget // 2, visited.PIECE)

    def _look(self) -> str:
        """Show progress; why the search has to end now, or ""."""
        seconds = time.perf_counter() - self.started
        if self.progress and seconds - self.shown > SLICE:
            self.shown = seconds
            count, depth = self.store.count(), len(self.result.levels) - 1
            frontier = self.end - self.first
            sizes = self.store.bytes(), seconds, self.store.disk_bytes()
            kind = self.result.reduced, bool(self.result.symmetries)
            levels = self.result.levels[:-1]  # the last one is not complete
            self.progress(Progress(count, self._transitions(), depth, frontier, *sizes, levels, *kind))
        if seconds - self.looked > LOOK:
            self.looked = seconds
            if seconds > IMPROVE_AFTER and self.machine.improve():
                self.code = self._code()
                self.reduction = self._reduction() if self.reduction else None
            if available_memory() < LEFT_TO_OTHERS and not self.store.spill():
                return "memory"
        return self.limits.reached(self.store.count())

    def _make_room(self) -> None:
        """Have room for the successors of the next slice."""
        while self.store.full():
            self._close_gaps()
            before = self.store.table
            self.store.grow([worker.folder for worker in self.workers])
            if self.store.table is not before:
                self._index()

    def _index(self) -> None:
        """Enter all states into a new table, each thread a part of them."""
        count, threads = self.store.count(), self.threads if self.store.count() > ALONE else 1
        ends = [count * n // threads for n in range(threads + 1)]

        def enter(n: int) -> None:
            store, worker = self.store, self.workers[n]
            visited.index_rows(store.space, worker, self.code, store.shift, ends[n], ends[n + 1])

        jobs = [self.pool.submit(enter, n) for n in range(1, threads)]
        enter(0)
        for job in jobs:
            job.result()

    def _close_gaps(self) -> None:
        """Number the states without gaps: what threads reserved and did not use is filled from the end."""
        gaps = [(w.own[visited.ROW], w.own[visited.ROW_END]) for w in self.workers]
        gaps = np.array(sorted(gap for gap in gaps if gap[0] < gap[1]), np.int64).reshape(-1, 2)
        moved = np.zeros((len(gaps) * visited.CHUNK, 2), np.int64)
        count = visited.close_gaps(self.store.space, self.code, self.store.shift, gaps, moved)
        self._rename(moved[:count])
        for worker in self.workers:
            worker.own[visited.ROW] = worker.own[visited.ROW_END] = 0

    # ---- what was found

    def _rename(self, moved: np.ndarray) -> None:
        """States have other numbers: change the records of this level that name them."""
        sites, info = self.native.sites.all, self.native.info
        if all(told == worker.info[info.COUNT] for worker, told in zip(self.workers, self.told)):
            return
        number_now = dict(moved.tolist())
        for worker, told in zip(self.workers, self.told):
            for number in range(told, int(worker.info[info.COUNT])):
                at = info.records + number * info.record
                if sites[worker.info[at]].kind == STATE:
                    worker.info[at + 3] = number_now.get(int(worker.info[at + 3]), worker.info[at + 3])

    def _end_level(self) -> None:
        """What is new is the next frontier; report what was found."""
        self._close_gaps()
        found = [candidate for number in range(self.threads) for candidate in self._candidates(number)]
        if self.limits.operations is not None:
            found = []
        settle(self.result, found, self.native.sites.all, self._make)
        self.first, self.end = self.end, self.store.count()
        if self.end > self.first:
            self.result.levels.append(self.end - self.first)

    def _candidates(self, number: int) -> list[Candidate]:
        """What a worker has recorded since the last time."""
        info, numbers = self.native.info, self.workers[number].info
        depth = len(self.result.levels) - 1  # of the frontier; -1 while there is none
        found = []
        for record in range(self.told[number], int(numbers[info.COUNT])):
            at = info.records + record * info.record
            site, actor, successor, state, *words = numbers[at : at + info.record].tolist()
            steps = depth if self.native.sites.all[site].kind == REST else depth + 1
            found.append(Candidate(steps, site, state, (actor, words if successor >= 0 else None)))
        self.told[number] = int(numbers[info.COUNT])
        return found

    def _make(self, candidate: Candidate, site: Site) -> Found:
        actor, words = candidate.detail
        path = self._path(candidate.state)
        if words is not None:  # the state that it is about was not stored
            path.append(self.layout.unpack(word & ALL_ONES for word in words))
        last = self.interpreter.actors[actor] if site.kind == STEP else None
        place = (last.process, last.instance) if last else None
        real = real_run(self.interpreter, site, path, place, self.reduction is not None, self.group)
        message = sentence(site, self.interpreter, real.path[-1])
        return Found(site.property, message, real.path, real.last, real.binding, site.pos)

    def _path(self, state: int) -> list[State]:
        """The stored states from an initial one to `state`, flat."""
        path = []
        while state != visited.NO_PARENT:
            if len(path) > len(self.result.levels):  # one more than there are: its level is not counted yet
                raise InternalError("the parents of the stored states go in a circle")
            path.append(self.layout.unpack(self.store.state(state)))
            state = int(self.store.parents[state])
        return path[::-1]

    def _transitions(self) -> int:
        return sum(int(worker.own[visited.TRANSITIONS]) for worker in self.workers)

    def _exercised(self) -> set[tuple[str, int]]:
        found = set()
        for place, witness in enumerate(self.native.witnesses, Info.REACHED):
            bits = 0
            for worker in self.workers:
                bits |= int(worker.info[place])
            found |= {(witness.name, number) for bit, (number, _) in enumerate(witness.exprs) if bits >> bit & 1}
        return found


def is_compiled(program: Program) -> bool:
    """Is there machine code of the program on the disk?  To make it takes longer than a small search."""
    return is_kept(NativeText(program).made_from)


def search(
    program: Program,
    limits: Limits,
    threads: int,
    stop: bool = True,
    progress: Callable[[Progress], None] | None = None,
    reduced: bool = False,
    symmetric: bool = False,
    digest: bool = False,
    self_check: bool = False,
) -> Exploration:
    """Visit every reachable state of `program`; reduced: with partial-order reduction, if it pays;
    symmetric: up to `checker.reduce.symmetry`."""
    try:
        run = _prepared(program, limits, threads, stop, progress, reduced, symmetric, self_check)
        result = run.run()
        if digest and result.complete:
            result.digest = digest_of(run.store, run.layout)
        return result
    except NoReduction:
        result = _prepared(program, limits, threads, stop, progress, False, symmetric, self_check).run()
        result.off = ((PARTIAL_ORDER, "hardly any step commutes with what others do"), *result.off)
        return result
    except MemoryError:  # there is not even address space
        return Exploration(stopped_by="memory", threads=threads)
    except OutOfTime:
        return Exploration(stopped_by="time", stopped_because="the time was over before the search began", threads=threads)
    except KeyboardInterrupt:
        return Exploration(stopped_by="interrupt", threads=threads)


def _prepared(program: Program, limits: Limits, *options: Any) -> Search:
    """A search that is ready to begin.  Raises OutOfTime, and KeyboardInterrupt at Ctrl-C.

    Not counted is the loop, which is compiled once in the life of an installation, for all programs."""
    limits.preparing = True
    try:
        with within(limits.left()):
            search = Search(program, limits, *options)
        started = time.monotonic()
        search.load()
        limits.extend(time.monotonic() - started)
        return search
    finally:
        limits.preparing = False
