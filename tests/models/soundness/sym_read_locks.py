"""A lock in each instance, which processes of instances take shared: each of its flags belongs to two at once."""

from checker.lang import Flag, RwLock, Struct, acquire_shared, bug_on, choose, each, held_shared, primitive, process
from checker.lang import release_shared, scenario, try_acquire, wait_until


class Page(Struct, count=2):
    """Alike."""

    gate = RwLock("gate")
    seen = Flag("seen")
    written = Flag("written")


@primitive()
def enter(page: Page):
    """Shared."""
    acquire_shared(page.gate)


@primitive()
def leave(page: Page, own: Page):
    """The other page was seen: that can be."""
    bug_on(held_shared(page.gate) and page is not own and own.seen)
    release_shared(page.gate)


@primitive()
def write(page: Page):
    """If nobody reads."""
    page.written = try_acquire(page.gate)


@primitive()
def stay(page: Page):
    """For ever, if it was taken."""
    wait_until(not page.written)


def read(own: Page):
    """Any page."""
    own.seen = True
    page = choose(page for page in each(Page))
    enter(page)
    leave(page, own)


def change():
    """Any page."""
    page = choose(page for page in each(Page))
    write(page)
    stay(page)


run = scenario("Readers.", process("read", read, per=Page), process("change", change))
