"""The words that a model may use.  They record what was written, and do nothing else.

A model module is imported, so that its declarations run; its functions are read as
source and never run.  `checker/LANGUAGE.md` is the language on one page.  A model imports
all words from here; where each is said, the imports below tell.

May import: nothing.
"""

from .state import (
    Array, Bool, Const, Constant, Enum, EnumValue, Field, Flag, Ghost, Instance, Lock, Place, Range, Record, Ref,
    RwLock, Struct, as_c, constant, enum,
)  # fmt: skip
from .functions import (
    acquire, acquire_shared, after_crash, atomic, bug_on, choose, each, hand_over, held, held_shared, implies,
    invariant, is_locked, kernel, leads_to, number, old, primitive, pure, reachable, release, release_shared,
    terminal, transition_invariant, try_acquire, try_acquire_shared, wait_until, warn_on,
)  # fmt: skip
from .proofs import Induction, Machine, Measured, induction, inductive, machine, measured, theorem
from .designs import (
    Baseline, Design, Edit, baseline, drop, insert_after, insert_before, override, replace, swap, unfit, variant,
)  # fmt: skip
from .scenarios import Process, Scenario, interrupt, process, scenario, thread, worker
from .drawings import Drawing, drawing

__all__ = [name for name, word in globals().items() if getattr(word, "__module__", "").startswith(__name__)]  # not the files
