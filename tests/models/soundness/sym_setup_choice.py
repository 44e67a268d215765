"""A setup that chooses from two instances of three."""

from checker.lang import choose, each, invariant, process, scenario

from pages import Page, fill, hub, see


def look():
    """The flag of what the setup has chosen."""
    last = hub.last
    if last is not None:
        last.kept = True


def start():
    """Chosen at the start."""
    hub.last = choose(Page[0], Page[1])


@invariant
def what_is_kept_is_not_seen():
    """Not so."""
    return not any(page.kept and page.seen for page in each(Page))


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill), setup=start)
