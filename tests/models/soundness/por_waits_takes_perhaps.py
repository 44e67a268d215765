"""A step that waits for a lock and takes it only if it is asked to: another one keeps it for ever."""

from checker.lang import Flag, Lock, Range, Struct, acquire, is_locked, primitive, process, scenario, terminal, try_acquire, wait_until

Wish = Range(0, 1)


class Room(Struct):
    """With one door."""

    door = Lock("door")
    seen = Flag("seen")


class Guest(Struct, count=2):
    """What each does before."""

    wish = Range(0, 1, "wish")


@primitive()
def look_in(stay: Wish):
    """Wait until the room is free."""
    wait_until(not is_locked(Room[0].door))
    if stay == 1:
        taken = try_acquire(Room[0].door)
    Room[0].seen = True


@primitive()
def move_in():
    """Take the room, and stay."""
    acquire(Room[0].door)


@primitive()
def stay():
    """For ever."""
    wait_until(Guest[1].wish == 0)


def visit():
    """Only looks."""
    Guest[0].wish = 0
    stay = Guest[0].wish
    look_in(stay)


def settle():
    """Never leaves."""
    Guest[1].wish = 1
    move_in()
    stay()


@terminal
def the_room_was_seen():
    """The visitor came first."""
    return Room[0].seen


inn = scenario("A guest who stays.", process("visitor", visit), process("settler", settle))
