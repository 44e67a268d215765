"""The search loop of the native engine: expand the states of a frontier, keep what is new.

Compiled by Numba, once for all programs and once more for partial-order reduction; see
`checker.native.loop.visited` for how states are kept.
"""

from __future__ import annotations

from .atomic import add_atomic, address, call_step
from .chains import pass_through
from .compiled import compiled_nogil
from .fold import unfold
from .visited import (
    AT, AT_END, BATCH, FRONTIER_END, NEXT, PIECE, ROW_LIMIT, ROWS, STOP, TRANSITIONS, admit, admit_inline, note,
    sift, sift_inline,
)  # fmt: skip


@compiled_nogil
def expand(space, worker, code, shift, budget, reduction, passage):
    """Expand states of the frontier until about `budget` are done, the frontier is, `shared[STOP]`
    is set, or room runs short; true if this thread finds nothing left to do in the frontier.

    reduction, passage: of `checker.native.loop.chains`, or None: then every successor is stored."""
    shared, own, words = space.shared, worker.own, code.words
    rows_at, out_at, info_at = address(space.rows), address(worker.out), address(worker.info)
    words_count, pairs_count = space.tree.words.count, space.tree.pairs.count
    while budget > 0:
        if shared[STOP] or shared[ROWS] > shared[ROW_LIMIT]:
            return False
        if words_count[0] > words_count[1] or pairs_count[0] > pairs_count[1]:
            return False
        if own[AT] == own[AT_END]:
            own[AT] = add_atomic(address(shared) + 8 * NEXT, PIECE)
            own[AT_END] = min(own[AT] + PIECE, shared[FRONTIER_END])
            if own[AT] >= own[AT_END]:
                own[AT_END] = own[AT]
                return True
        kept, state = 0, own[AT]
        while state < own[AT_END] and kept < BATCH:
            before, state_at = worker.info[0], rows_at + state * 8 * words
            if code.folded:
                unfold(space.tree, worker.folder, space.rows[state])
                state_at = address(worker.folder.state)
            count = call_step(code.step, state_at, out_at + kept * 8 * words, info_at)
            if worker.info[0] != before:
                note(worker, code, before, state, kept)
            own[TRANSITIONS] += count
            if reduction is not None:
                count = pass_through(worker, code, reduction, passage, kept, count, state)
            if code.inline:
                kept = sift_inline(space, worker, code, shift, kept, count, state)
            else:
                kept = sift(space, worker, code, shift, kept, count, state, state_at)
            state += 1
        budget -= state - own[AT]
        own[AT] = state
        if code.inline:
            admit_inline(space, worker, code, shift, kept)
        else:
            admit(space, worker, code, shift, kept)
    return False
