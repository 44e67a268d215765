"""XArray: set the marks correctly when splitting an entry (v6.9).

A folio of four slots that is marked is split into two of two slots.  The mark is copied to all slots, also to the
second ones, which hold no folio but a reference to the first: a walk by marks comes to a folio that is none.  A
small model of its own: one node of the tree.
"""

from __future__ import annotations

from checker.lang import Flag, Range, Struct, atomic, baseline, bug_on, constant, each, kernel, number, override
from checker.lang import primitive, process, scenario, variant

xarray_split = baseline("Linux 6.9: the split of a marked entry of an xarray.")

SLOTS = constant(4, "slots of the node")

slot_t = Range(0, SLOTS)


class Slot(Struct, count=SLOTS):
    """A slot of an xa_node: an entry, or a sibling of the entry before it."""

    sibling = Flag("sibling")
    mark = Flag("PAGECACHE_TAG_TOWRITE")


@primitive()
def one_marked_entry():
    """An entry over all slots, marked."""
    for slot in each(Slot):
        slot.sibling = number(slot) > 0
    Slot[0].mark = True


@primitive("lib/xarray.c")
def node_set_marks(slot: Slot):
    """Copy the mark of the entry that is split."""
    slot.mark = not slot.sibling


@primitive("lib/xarray.c")
def node_set_marks_everywhere(slot: Slot):
    """Copy the mark of the entry that is split to every slot."""
    slot.mark = True


@kernel("lib/xarray.c")
def xas_split():
    """Two entries of two slots, under xa_lock; who walks under RCU may come in between two slots."""
    for i in range(0, SLOTS):
        with atomic("xa_lock is held"):
            slot = Slot[SLOTS - 1 - i]
            slot.sibling = number(slot) % 2 == 1
            node_set_marks(slot)


@primitive("lib/xarray.c")
def xas_find_chunk(offset: slot_t) -> slot_t:
    """The next slot with the mark, from an offset on."""
    found: slot_t = SLOTS
    for slot in each(Slot):
        if found == SLOTS and number(slot) >= offset and slot.mark:
            found = number(slot)
    return found


@primitive("lib/xarray.c")
def xas_load_entry(offset: slot_t) -> bool:
    """Is what the slot holds an entry?"""
    return not Slot[offset].sibling


@kernel("lib/xarray.c")
def xas_find_marked():
    """Walk the marked entries, as writeback does."""
    offset: slot_t = 0
    while offset < SLOTS:
        offset = xas_find_chunk(offset)
        if offset < SLOTS:
            entry = xas_load_entry(offset)
            bug_on(not entry)
            offset += 1


split_and_walk = scenario(
    "The split of a marked entry, and a walk by marks.",
    process("truncater", xas_split), process("flusher", xas_find_marked), setup=one_marked_entry, of=xarray_split,
    properties=("both_halves_are_marked",),
)  # fmt: skip

xarray_marks_on_siblings = variant(
    "The split of an entry copies its marks to every slot.",
    override(node_set_marks, by=node_set_marks_everywhere), of=xarray_split, undoes="2a0774c2886d",
    scenario=split_and_walk,
)  # fmt: skip
