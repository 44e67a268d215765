"""More than 64 interchangeable instances, and a reference to one of them."""

from checker.lang import Flag, Ref, Struct, atomic, constant, each, invariant, process, scenario, wait_until

N = constant(66)


class Page(Struct, count=N):
    """Many."""

    seen = Flag("seen")
    kept = Flag("kept")


class Hub(Struct):
    """Who was first."""

    first = Ref(Page, "first")


hub = Hub[0]


def see(page: Page):
    """One of them alone."""
    with atomic("the first one"):
        wait_until(hub.first is None)
        page.seen = True
        hub.first = page
    page.kept = True


@invariant
def the_first_is_not_kept():
    """Not so."""
    return not any(hub.first is page and page.kept for page in each(Page))


@invariant
def only_the_first_is_seen(page: Page):
    """True."""
    return not page.seen or hub.first is page


run = scenario("Many.", process("see", see, per=Page))
