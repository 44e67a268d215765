"""The search loop under partial-order reduction: states with an ample process are passed through.

A successor that has an ample process (see `checker.reduce.partial_order`) is not stored: the loop takes
that process's step at once, and so on until it comes to a state without one.  The states passed
through are judged like all others; they are just not remembered.

Compiled by Numba, once for all programs, like `checker.native.loop.visited`.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from llvmlite import ir as llvm
from numba import types
from numba.extending import intrinsic

from ...reduce.partial_order import LONGEST
from .atomic import address, call_judge, pointer_to
from .compiled import compiled
from .visited import PASSED, TRANSITIONS, copy, same

# The program's functions for the reduction, and its tables (`checker.native.codegen.ample.Tables`).
Reduction = namedtuple("Reduction", "look commutes take judge_step actors held_count granule_words first candidate future guards held")

# What one thread needs: looked: what `look` writes; others, before, masked: granules read, then
# written, by other processes; behind: the same for each instance; protected: no_write, no_read;
# waiting: of each instance, whether it cannot move; stack: states still to be passed through, W words
# each; depths: ample steps that led to each; taken: successors of one step.
Passage = namedtuple("Passage", "looked others before masked behind protected waiting stack depths taken")

FULL = 1024  # states on the stack above which no more are passed through
MOST_ENDS = 4096  # states that the chains behind one stored state may end in


@intrinsic
def call_look(typingctx, function, state, out):
    """look(state, out): all are addresses."""

    def generate(context, builder, signature, arguments):
        pointer = llvm.IntType(8).as_pointer()
        callee = builder.inttoptr(arguments[0], llvm.FunctionType(llvm.VoidType(), [pointer] * 2).as_pointer())
        builder.call(callee, [pointer_to(builder, a) for a in arguments[1:]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def call_commutes(typingctx, function, state, instance, label, others):
    """commutes(state, instance, label, others) -> 0 or 1."""

    def generate(context, builder, signature, arguments):
        pointer, number = llvm.IntType(8).as_pointer(), llvm.IntType(64)
        kind = llvm.FunctionType(number, [pointer, number, number, pointer])
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        state, others = (pointer_to(builder, arguments[n]) for n in (1, 4))
        return builder.call(callee, [state, arguments[2], arguments[3], others])

    return types.int64(*[types.int64] * 5), generate


@intrinsic
def call_take(typingctx, function, state, instance, out, info):
    """take(state, instance, out, info) -> address behind the last successor."""

    def generate(context, builder, signature, arguments):
        pointer, number = llvm.IntType(8).as_pointer(), llvm.IntType(64)
        kind = llvm.FunctionType(pointer, [pointer, number, pointer, pointer])
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        state, out, info = (pointer_to(builder, arguments[n]) for n in (1, 3, 4))
        return builder.ptrtoint(builder.call(callee, [state, arguments[2], out, info]), number)

    return types.int64(*[types.int64] * 5), generate


@intrinsic
def call_judge_step(typingctx, function, before, after, info, number):
    """judge_step(before, after, info, number)."""

    def generate(context, builder, signature, arguments):
        pointer, integer = llvm.IntType(8).as_pointer(), llvm.IntType(64)
        kind = llvm.FunctionType(llvm.VoidType(), [pointer, pointer, pointer, integer])
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(callee, [*(pointer_to(builder, a) for a in arguments[1:4]), arguments[4]])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), generate


# ------------------------------------------------------------------ the choice


@compiled
def protect(reduction, passage, actor):
    """protected := what no other process can write, or read, while `actor` holds its locks."""
    words, looked, protected = reduction.granule_words, passage.looked, passage.protected
    for w in range(2 * words):
        protected[w] = np.uint64(0)
    for lock in range(reduction.held_count):
        if looked[2 * reduction.actors + lock] == actor + 1:
            for w in range(2 * words):
                protected[w] |= reduction.held[lock * 2 * words + w]


@compiled
def future_of(reduction, passage, actor):
    """Where the table says what `actor` may still read and write."""
    last = passage.looked[2 * reduction.actors + reduction.held_count]
    return ((reduction.first[actor] + passage.looked[actor]) * 2 + last) * 2 * reduction.granule_words


@compiled
def sum_up(reduction, passage):
    """behind[k] := what the enabled instances from number k on may read and write."""
    actors, size = reduction.actors, 2 * reduction.granule_words
    for w in range(size):
        passage.behind[actors * size + w] = np.uint64(0)
    for actor in range(actors - 1, -1, -1):
        enabled, place = passage.looked[actors + actor], future_of(reduction, passage, actor)
        for w in range(size):
            before = passage.behind[(actor + 1) * size + w]
            passage.behind[actor * size + w] = before | reduction.future[place + w] if enabled else before


@compiled
def commutes(reduction, passage, state, actor):
    """Does the step of `actor` commute with what is in `others`, but for what its locks protect?"""
    words, masked = reduction.granule_words, passage.masked
    for w in range(words):
        masked[w] = passage.others[w] & ~passage.protected[words + w]
        masked[words + w] = passage.others[words + w] & ~passage.protected[w]
    label = passage.looked[actor]
    return call_commutes(reduction.commutes, state, actor, label, address(masked)) != 0


@compiled
def add_wakeable(reduction, passage, actor):
    """others |= what those may do that are not enabled, but that the others may enable."""
    actors, looked, words = reduction.actors, passage.looked, reduction.granule_words
    waiting, changed = passage.waiting, True
    for other in range(actors):
        waiting[other] = other != actor and not looked[actors + other]
    while changed:
        changed = False
        for other in range(actors):
            if waiting[other]:
                guards = (reduction.first[other] + looked[other]) * words
                met = np.uint64(0)
                for w in range(words):
                    met |= reduction.guards[guards + w] & passage.others[words + w] & ~passage.protected[w]
                if met:
                    place = future_of(reduction, passage, other)
                    for w in range(2 * words):
                        passage.others[w] |= reduction.future[place + w]
                    waiting[other] = 0
                    changed = True


@compiled
def ample(reduction, passage, state):
    """The first ample process instance of the state at address `state`, or -1."""
    looked, actors, size = passage.looked, reduction.actors, 2 * reduction.granule_words
    call_look(reduction.look, state, address(looked))
    sum_up(reduction, passage)
    before = passage.before
    for w in range(size):
        before[w] = np.uint64(0)
    for actor in range(actors):
        if looked[actors + actor]:
            if reduction.candidate[reduction.first[actor] + looked[actor]]:
                protect(reduction, passage, actor)
                for w in range(size):
                    passage.others[w] = before[w] | passage.behind[(actor + 1) * size + w]
                if commutes(reduction, passage, state, actor):
                    add_wakeable(reduction, passage, actor)
                    if commutes(reduction, passage, state, actor):
                        return actor
            place = future_of(reduction, passage, actor)
            for w in range(size):
                before[w] |= reduction.future[place + w]
    return -1


# ----------------------------------------------------------------- the passage


@compiled
def remember(worker, code, before, origin, states, at):
    """Complete the records from number `before` on: the stored state that the passage began
    in, and the state (states[at], ...) that the record speaks of."""
    info = worker.info
    for number in range(before, info[0]):
        record = code.records + number * code.record
        info[record + 2] = 0
        info[record + 3] = origin
        for w in range(code.words):
            info[record + 4 + w] = np.int64(states[at + w])


@compiled
def pass_through(worker, code, reduction, passage, base, count, origin):
    """Replace the `count` successors at worker.out[base...] by the states without an ample process
    that they lead to; how many there are.  `origin`: the stored state whose successors they are.

    Where there are too many a state is kept although it has an ample process: that only
    makes the reduction smaller."""
    words, out, stack = code.words, worker.out, passage.stack
    stack_at = address(stack)
    for number in range(count):
        copy(out, (base + number) * words, stack, (count - 1 - number) * words, words)
        passage.depths[number] = 0
    height, kept = count, 0
    while height > 0:
        top = (height - 1) * words
        actor = -1
        depth = passage.depths[height - 1]
        if height <= FULL and depth < LONGEST and kept + height < MOST_ENDS:
            actor = ample(reduction, passage, stack_at + 8 * top)
        height -= 1
        found = 0
        if actor >= 0:
            found = take_ample(worker, code, reduction, passage, top, actor, origin)
        # what the others would do is not seen where the step fails, or leads back
        if found == 0 or goes_round(stack, top, passage.taken, found, words):
            copy(stack, top, out, (base + kept) * words, words)
            kept += 1
            continue
        for number in range(found):
            copy(passage.taken, (found - 1 - number) * words, stack, (height + number) * words, words)
            passage.depths[height + number] = depth + 1
        height += found
    return kept


@compiled
def goes_round(stack, top, taken, found, words):
    """Does the step lead back to the state itself?"""
    for number in range(found):
        if same(stack, top, taken, number * words, words):
            return True
    return False


@compiled
def take_ample(worker, code, reduction, passage, top, actor, origin):
    """Judge the state at stack[top], and take the step of `actor`; how many successors are in `taken`."""
    words, stack, taken = code.words, passage.stack, passage.taken
    state_at, taken_at, info_at = address(stack) + 8 * top, address(taken), address(worker.info)
    before = worker.info[0]
    if code.judge:
        call_judge(code.judge, state_at, info_at)
    end = call_take(reduction.take, state_at, actor, taken_at, info_at)
    found = (end - taken_at) // (8 * words)
    if worker.info[0] != before:
        remember(worker, code, before, origin, stack, top)
    if reduction.judge_step:
        for number in range(found):
            before = worker.info[0]
            call_judge_step(reduction.judge_step, state_at, taken_at + 8 * words * number, info_at, 0)
            if worker.info[0] != before:
                remember(worker, code, before, origin, taken, number * words)
    worker.own[TRANSITIONS] += found
    worker.own[PASSED] += found
    return found
