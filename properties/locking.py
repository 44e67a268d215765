"""Who may wait for whom.  Deadlock, lock order and ownership are judged without being asked for."""

from __future__ import annotations

from checker.lang import invariant

from model.include.state import Task
from properties.witnesses import a_pass_locks_a_second_folio


@invariant(witness=a_pass_locks_a_second_folio)
def folios_are_locked_in_ascending_order(task: Task):
    """A writeback pass locks no folio below one that sits in its unsubmitted I/O."""
    return not task.out_of_order
