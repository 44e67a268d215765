"""The machine: unions, images under events, and saturation, on a stack of its own.

Four operations call each other to any depth:

* `union` of two nodes of one level;
* `fire` of a relation on a node: what the event makes of its states, as parts (outcome, node), one for
  each outcome on the levels above; the nodes are saturated already;
* `saturate` of a node with saturated children: all that the events that reach no higher than its level lead to;
* `select` of the states of a node that fulfil a condition, or in which an event cannot be taken.

They are steps of one loop, with their variables in frames, because the loop has to be left and entered again: to
make room, to collect garbage, to look at limits.  `RUN` names where a frame goes on.

Saturation after Ciardo, Luettgen and Siminiceanu (2001), with relations that grow on the fly as in Ciardo and Yu (2005).
"""

from __future__ import annotations

import numpy as np

from ..native.loop.compiled import compiled_nogil
from .frames import (
    A, AT, DONE, EVENTS, FIRE, FIRE_BACK, FRAME, GROUP, GROUP_SATURATED, GROUP_UNION_BACK, MERGE, MERGE_UNION_BACK,
    OWN, PICK, REBUILD, REBUILD_BACK, ROOM, RUN, SELECT, SELECT_BACK, STOPPED, UNION, UNION_BACK, add_result, pop,
)  # fmt: skip
from .images import fire_step, group_step, select_step, union_step
from .saturation import change_row, events_step, merge_step, pick_step, rebuild_step
from .store import ANSWER, BUDGET, FAILED, FRAMES, LISTS_END, LISTS_LIMIT, LIVE, LIVE_LIMIT, POOL_END, POOL_LIMIT


@compiled_nogil
def run(st, ln, plain):
    """Go on until the stack is empty (DONE), there is need for room (ROOM), or the budget is used up or something
    has failed (STOPPED).  plain: UNSATURATED if what events make is not to be saturated, else 0."""
    now = st.now
    while now[FRAMES] >= 0:
        if now[LIVE] > now[LIVE_LIMIT] or now[POOL_END] > now[POOL_LIMIT] or now[LISTS_END] > now[LISTS_LIMIT]:
            return ROOM
        now[BUDGET] -= 1
        if now[BUDGET] < 0 or now[FAILED] != 0:
            return STOPPED
        at = now[FRAMES] * FRAME
        where = st.frames[at + RUN]
        if where == UNION or where == UNION_BACK:
            union_step(st, ln, at)
        elif where == FIRE or where == FIRE_BACK:
            fire_step(st, ln, at, plain)
        elif where == GROUP or where == GROUP_UNION_BACK:
            group_step(st, ln, at, plain)
        elif where == GROUP_SATURATED:
            add_result(st, st.part_outcome[st.frames[at + AT] - 1], now[ANSWER])
            st.frames[at + RUN] = GROUP
        elif where == PICK:
            pick_step(st, ln, at)
        elif where == EVENTS:
            events_step(st, ln, at)
        elif where == MERGE:
            merge_step(st, ln, at)
        elif where == MERGE_UNION_BACK:
            if np.int64(st.row_child[st.frames[at + OWN]]) != now[ANSWER]:
                change_row(st, at, st.frames[at + OWN], now[ANSWER])
            st.frames[at + AT] += 1
            st.frames[at + RUN] = MERGE
        elif where == REBUILD or where == REBUILD_BACK:
            rebuild_step(st, ln, at)
        elif where == SELECT or where == SELECT_BACK:
            select_step(st, ln, at)
        else:
            st.pool[st.frames[at + A] + 2] = now[ANSWER]
            pop(st, now[ANSWER])
    return DONE
