"""The search loop of the native engine: expand the states of a frontier, keep what is new.

Compiled by Numba, once for all programs and once more for partial-order reduction; see
`checker.visited` for how states are kept.
"""

from __future__ import annotations

from .chains import pass_through
from .compiled import compiled_nogil
from .visited import (
    AT, AT_END, BATCH, FRONTIER_END, NEXT, PIECE, ROW_LIMIT, ROWS, STOP, TRANSITIONS, add_atomic, address, admit,
    admit_inline, call_step, note, sift, sift_inline,
)  # fmt: skip


@compiled_nogil
def expand(space, worker, code, shift, budget, reduction, passage):
    """Expand states of the frontier until about `budget` are done, the frontier is, `shared[STOP]`
    is set, or rows run short; true if this thread finds nothing left to do in the frontier.

    reduction, passage: of `checker.chains`, or None: then every successor is stored."""
    shared, own, words = space.shared, worker.own, code.words
    rows_at, out_at, info_at = address(space.rows), address(worker.out), address(worker.info)
    while budget > 0:
        if shared[STOP] or shared[ROWS] > shared[ROW_LIMIT]:
            return False
        if own[AT] == own[AT_END]:
            own[AT] = add_atomic(address(shared) + 8 * NEXT, PIECE)
            own[AT_END] = min(own[AT] + PIECE, shared[FRONTIER_END])
            if own[AT] >= own[AT_END]:
                own[AT_END] = own[AT]
                return True
        kept, state = 0, own[AT]
        while state < own[AT_END] and kept < BATCH:
            before = worker.info[0]
            count = call_step(code.step, rows_at + state * 8 * words, out_at + kept * 8 * words, info_at)
            if worker.info[0] != before:
                note(worker, code, before, state, kept)
            own[TRANSITIONS] += count
            if reduction is not None:
                count = pass_through(worker, code, reduction, passage, kept, count, state)
            if code.inline:
                kept = sift_inline(space, worker, code, shift, kept, count, state)
            else:
                kept = sift(space, worker, code, shift, kept, count, state)
            state += 1
        budget -= state - own[AT]
        own[AT] = state
        if code.inline:
            admit_inline(space, worker, code, shift, kept)
        else:
            admit(space, worker, code, shift, kept)
    return False
