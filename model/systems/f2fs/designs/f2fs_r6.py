"""f2fs_write_cache_folios, revision R6 of 27 and 28 July 2025: four changes of the loop, as far as its fragments go.

The texts change R4b in four places: a page goes to the address of its own index, a range ends with the cluster in which it begins,
a folio of which the compress context has a page stays locked, and writeback ends at the tail of the loop where nothing was
submitted.  Each of them is also a repair that the checker's violations of R4b lead to.  Of the rest of the function the texts say
nothing, so it is read as R4b's; whether the loop still begins writeback of a folio is unknown, and read as yes.
The count of what was submitted is read as zero where the last range has left an error.  Only a budget that is used up makes the two
differ, so that repair comes early here.
"""

from __future__ import annotations

from checker.lang import variant

from model.systems.f2fs.designs import f2fs_r4b as r4b
from model.systems.f2fs.designs.stages import one_by_one, stages
from model.systems.f2fs.scenarios import f2fs

WRITTEN = (1, 7, 12, 14)  # which repairs of R4b the texts have

R6 = (*r4b.f2fs_r4b.edits, *(edit for number in WRITTEN for edit in r4b.REPAIRS[number]))

f2fs_r6 = variant(
    "R6: R4b with its own index, the clamp to one cluster, and a tail that unlocks and ends writeback.", *R6, of=f2fs
)

# Each line is one repair; f2fs_r6_N is R6 with the first N of them.
BUDGET = 4
LEFT = (0, BUDGET, *(number for number in range(1, len(r4b.REPAIRS)) if number not in (*WRITTEN, BUDGET)))
REPAIRS = tuple(r4b.REPAIRS[number] for number in LEFT)
DOCS = tuple(r4b.DOCS[number] for number in LEFT)

(
    f2fs_r6_1, f2fs_r6_2, f2fs_r6_3, f2fs_r6_4, f2fs_r6_5, f2fs_r6_6, f2fs_r6_7, f2fs_r6_8, f2fs_r6_9, f2fs_r6_10,
    f2fs_r6_11, f2fs_r6_12, f2fs_r6_13, f2fs_r6_14, f2fs_r6_15, f2fs_r6_16, f2fs_r6_17, f2fs_r6_18, f2fs_r6_19,
    f2fs_r6_20,
) = stages(f2fs_r6, DOCS, one_by_one(REPAIRS))  # fmt: skip
