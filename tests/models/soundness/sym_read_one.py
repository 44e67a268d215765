"""Which gate a reader holds, its flag alone says: it is taken at one number, and given back at that number."""

from checker.lang import Flag, RwLock, Struct, bug_on, held_shared, primitive, process, release_shared, scenario, try_acquire_shared


class Page(Struct, count=2):
    """Alike, but for the reader."""

    gate = RwLock("gate")
    seen = Flag("seen")
    written = Flag("written")


class Hub(Struct):
    """What the reader knows."""

    taken = Flag("taken")


hub = Hub[0]


@primitive()
def enter():
    """The first gate."""
    hub.taken = try_acquire_shared(Page[0].gate)


@primitive()
def leave():
    """The first page is the one that was seen: that can be."""
    bug_on(held_shared(Page[0].gate) and Page[0].seen and not Page[1].seen)
    if held_shared(Page[0].gate):
        release_shared(Page[0].gate)


def read():
    """In, and out."""
    enter()
    leave()


def see(page: Page):
    """Each page once."""
    page.seen = True


run = scenario("Gates.", process("read", read), process("see", see, per=Page))
