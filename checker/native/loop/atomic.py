"""What Numba lacks: calls of addresses, prefetches, atomic operations."""

from __future__ import annotations

import numpy as np
from llvmlite import ir as llvm
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from .compiled import compiled


@compiled
def address(array):
    return np.int64(array.ctypes.data)


def pointer_to(builder, address):
    return builder.inttoptr(address, llvm.IntType(8).as_pointer())


@intrinsic
def call_step(typingctx, function, state, out, info):
    """step(state, out, info): all are addresses; the number of successors."""

    def generate(context, builder, signature, arguments):
        pointer = llvm.IntType(8).as_pointer()
        kind = llvm.FunctionType(llvm.IntType(64), [pointer] * 3)
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        return builder.call(callee, [pointer_to(builder, a) for a in arguments[1:]])

    return types.int64(types.int64, types.int64, types.int64, types.int64), generate


@intrinsic
def call_sift(typingctx, function, state, out, kept, count, origin, hashes, origins, recent, changes):
    """sift(...): see `checker.native.codegen.sift`; how many successors are kept."""

    def generate(context, builder, signature, arguments):
        pointer, number = llvm.IntType(8).as_pointer(), llvm.IntType(64)
        kinds = [pointer, pointer, number, number, number, pointer, pointer, pointer, pointer]
        callee = builder.inttoptr(arguments[0], llvm.FunctionType(number, kinds).as_pointer())
        given = [a if kind is number else pointer_to(builder, a) for kind, a in zip(kinds, arguments[1:])]
        return builder.call(callee, given)

    return types.int64(*[types.int64] * 10), generate


@intrinsic
def lowest_bit(typingctx, number):
    """Number of the lowest bit that is set; the number is not 0."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], llvm.IntType(1)(1))

    return types.uint64(types.uint64), generate


@intrinsic
def call_judge(typingctx, function, state, info):
    """judge(state, info): all are addresses."""

    def generate(context, builder, signature, arguments):
        pointer = llvm.IntType(8).as_pointer()
        kind = llvm.FunctionType(llvm.VoidType(), [pointer] * 2)
        callee = builder.inttoptr(arguments[0], kind.as_pointer())
        builder.call(callee, [pointer_to(builder, a) for a in arguments[1:]])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def prefetch(typingctx, address):
    """Ask for the cache line at `address`."""

    def generate(context, builder, signature, arguments):
        pointer, number = llvm.IntType(8).as_pointer(), llvm.IntType(32)
        kind = llvm.FunctionType(llvm.VoidType(), [pointer, number, number, number])
        callee = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        builder.call(callee, [pointer_to(builder, arguments[0]), number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def add_atomic(typingctx, address, amount):
    """Add to the integer at `address`; its value before."""

    def generate(context, builder, signature, arguments):
        place = builder.inttoptr(arguments[0], llvm.IntType(64).as_pointer())
        return builder.atomic_rmw("add", place, arguments[1], "acq_rel")

    return types.int64(types.int64, types.int64), generate


def _claim(context, builder, signature, arguments):
    value = arguments[1]
    place = builder.inttoptr(arguments[0], value.type.as_pointer())
    return builder.extract_value(builder.cmpxchg(place, value.type(0), value, "acq_rel", "acquire"), 0)


@intrinsic
def claim_value(typingctx, address, value):
    """Put `value` at `address` if 0 stands there; what stood there before."""
    return types.uint64(types.int64, types.uint64), _claim


@intrinsic
def claim_number(typingctx, address, value):
    """The same for 32 bits."""
    return types.uint32(types.int64, types.uint32), _claim
