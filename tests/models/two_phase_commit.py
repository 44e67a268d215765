"""Two-phase commit: resource managers and one transaction manager agree to commit or to abort.

After Lamport's specification TwoPhase: each of its actions is a process that repeats one
atomic step, and a message is never lost nor taken back, so the set of messages sent is a
set of flags.  An action that changes nothing (a message that is received again) is a step
as well.  288, 8,832 and 296,448 states with 3, 5 and 7 resource managers.
"""

from checker.lang import Field, Flag, Struct, atomic, constant, each, enum, implies, invariant, process, reachable
from checker.lang import scenario, wait_until

RM = constant(3, "resource managers")

RmState = enum("RmState", "WORKING PREPARED COMMITTED ABORTED")
WORKING, PREPARED, COMMITTED, ABORTED = RmState


class Rm(Struct, count=RM):
    """A resource manager."""

    state = Field(RmState, "rmState", init=WORKING)
    prepared_sent = Flag("its Prepared message was sent")
    counted = Flag("tmPrepared: the manager has its Prepared message")


class Tm(Struct):
    """The transaction manager."""

    decided = Flag("tmState is done")
    commit_sent = Flag("the Commit message was sent")
    abort_sent = Flag("the Abort message was sent")


tm = Tm[0]


def rcv_prepared(rm: Rm):
    """TMRcvPrepared."""
    while True:
        with atomic("an action of the specification"):
            wait_until(not tm.decided and rm.prepared_sent)
            rm.counted = True


def commit():
    """TMCommit: only when every resource manager is prepared."""
    while True:
        with atomic("an action of the specification"):
            wait_until(not tm.decided and all(rm.counted for rm in each(Rm)))
            tm.decided = True
            tm.commit_sent = True


def abort():
    """TMAbort: at any time before the decision."""
    while True:
        with atomic("an action of the specification"):
            wait_until(not tm.decided)
            tm.decided = True
            tm.abort_sent = True


def prepare(rm: Rm):
    """RMPrepare."""
    while True:
        with atomic("an action of the specification"):
            wait_until(rm.state == WORKING)
            rm.state = PREPARED
            rm.prepared_sent = True


def choose_to_abort(rm: Rm):
    """RMChooseToAbort: only while the resource manager has promised nothing."""
    while True:
        with atomic("an action of the specification"):
            wait_until(rm.state == WORKING)
            rm.state = ABORTED


def rcv_commit(rm: Rm):
    """RMRcvCommitMsg."""
    while True:
        with atomic("an action of the specification"):
            wait_until(tm.commit_sent)
            rm.state = COMMITTED


def rcv_abort(rm: Rm):
    """RMRcvAbortMsg."""
    while True:
        with atomic("an action of the specification"):
            wait_until(tm.abort_sent)
            rm.state = ABORTED


@invariant
def consistent(first: Rm, second: Rm):
    """No resource manager has committed while another one has aborted."""
    return implies(first.state == COMMITTED, second.state != ABORTED)


@reachable
def all_committed():
    """Every resource manager can commit."""
    return all(rm.state == COMMITTED for rm in each(Rm))


transaction = scenario(
    "One transaction.",
    process("rcv_prepared", rcv_prepared, per=Rm),
    process("commit", commit),
    process("abort", abort),
    process("prepare", prepare, per=Rm),
    process("choose_to_abort", choose_to_abort, per=Rm),
    process("rcv_commit", rcv_commit, per=Rm),
    process("rcv_abort", rcv_abort, per=Rm),
)
