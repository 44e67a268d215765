"""The search loop under partial-order reduction: states with an ample process are passed through.

A successor that has an ample process (see `checker.partial_order`) is not stored: the loop takes
that process's step at once, and so on until it comes to a state without one.  The states passed
through are judged like all others; they are just not remembered.

Compiled by Numba, once for all programs, like `checker.visited`.
"""

from __future__ import annotations

from collections import namedtuple

import numpy as np
from llvmlite import ir as llvm
from numba import types
from numba.extending import intrinsic

from .partial_order import LONGEST
from .visited import TRANSITIONS, _pointer, address, call_judge, compiled, copy, same

# The program's functions for the reduction, and its tables (`checker.native_ample.Tables`).
Reduction = namedtuple("Reduction", "look commutes take judge_step actors held_count granule_words first candidate future guards held")

# What one thread needs: looked: what `look` writes; others: 2 * G words; protected: 2 * G words;
# stack: states still to be passed through, W words each; depths: ample steps that led to each;
# taken: successors of one step.
Passage = namedtuple("Passage", "looked others protected stack depths taken")

FULL = 1024  # states on the stack above which no more are passed through
MOST_ENDS = 4096  # states that the chains behind one stored state may end in


@intrinsic
def call_look(typingctx, function, state, out):
    """look(state, out): all are addresses."""

    def generate(context, builder, signature, arguments):
        pointer = llvm.IntType(8).as_pointer()
        callee = builder.inttoptr(arguments[0], llvm.FunctionType(llvm.VoidType(), [pointer] * 2).as_pointer())
        builder.call(callee, [_pointer(builder, a) for a in arguments[1:]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def call_commutes(typingctx, function, state, instance, label, others):
    """commutes(state, instance, label, others) -> 0 or 1."""

    def generate(context, builder, signature, arguments):
        pointer, number = llvm.IntType(8).as_pointer(), llvm.IntType(64)
        kind = llvm.FunctionType(number, [pointer, number, number, pointer])
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        state, others = (_pointer(builder, arguments[n]) for n in (1, 4))
        return builder.call(callee, [state, arguments[2], arguments[3], others])

    return types.int64(*[types.int64] * 5), generate


@intrinsic
def call_take(typingctx, function, state, instance, out, info):
    """take(state, instance, out, info) -> address behind the last successor."""

    def generate(context, builder, signature, arguments):
        pointer, number = llvm.IntType(8).as_pointer(), llvm.IntType(64)
        kind = llvm.FunctionType(pointer, [pointer, number, pointer, pointer])
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        state, out, info = (_pointer(builder, arguments[n]) for n in (1, 3, 4))
        return builder.ptrtoint(builder.call(callee, [state, arguments[2], out, info]), number)

    return types.int64(*[types.int64] * 5), generate


@intrinsic
def call_judge_step(typingctx, function, before, after, info, number):
    """judge_step(before, after, info, number)."""

    def generate(context, builder, signature, arguments):
        pointer, integer = llvm.IntType(8).as_pointer(), llvm.IntType(64)
        kind = llvm.FunctionType(llvm.VoidType(), [pointer, pointer, pointer, integer])
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(callee, [*(_pointer(builder, a) for a in arguments[1:4]), arguments[4]])
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
def add_future(reduction, passage, actor, last):
    """others |= what `actor` may still read and write."""
    words = reduction.granule_words
    place = (reduction.first[actor] + passage.looked[actor]) * 4 * words + last * 2 * words
    for w in range(2 * words):
        passage.others[w] |= reduction.future[place + w]
    for w in range(words):
        passage.others[words + w] &= ~passage.protected[w]


@compiled
def may_be_enabled(reduction, passage, actor):
    """Can the others make the guard of `actor` true?"""
    words = reduction.granule_words
    place = (reduction.first[actor] + passage.looked[actor]) * words
    for w in range(words):
        if reduction.guards[place + w] & passage.others[words + w]:
            return True
    return False


@compiled
def gather(reduction, passage, actor):
    """others := what all that can move before `actor` may read and write."""
    actors, looked, words = reduction.actors, passage.looked, reduction.granule_words
    last = looked[2 * actors + reduction.held_count]
    for w in range(2 * words):
        passage.others[w] = np.uint64(0)
    waiting = 0
    for other in range(actors):
        if other != actor:
            if looked[actors + other]:
                add_future(reduction, passage, other, last)
            else:
                waiting |= 1 << other
    changed = waiting != 0
    while changed:
        changed = False
        for other in range(actors):
            if waiting >> other & 1 and may_be_enabled(reduction, passage, other):
                add_future(reduction, passage, other, last)
                waiting &= ~(1 << other)
                changed = True
    for w in range(words):
        passage.others[w] &= ~passage.protected[words + w]


@compiled
def ample(reduction, passage, state):
    """The first ample process instance of the state at address `state`, or -1."""
    looked, actors = passage.looked, reduction.actors
    call_look(reduction.look, state, address(looked))
    for actor in range(actors):
        label = looked[actor]
        if looked[actors + actor] and reduction.candidate[reduction.first[actor] + label]:
            protect(reduction, passage, actor)
            gather(reduction, passage, actor)
            if call_commutes(reduction.commutes, state, actor, label, address(passage.others)):
                return actor
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
        if actor < 0 or goes_round(stack, top, passage.taken, found, words):
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
    return found
