"""Two classes at once, each of which may be permuted alone."""

from checker.lang import Flag, Ref, Struct, choose, each, invariant, process, scenario


class Page(Struct, count=2):
    """Interchangeable."""

    seen = Flag("seen")


class Block(Struct, count=2):
    """Interchangeable."""

    seen = Flag("seen")


class Hub(Struct):
    """A pair."""

    page = Ref(Page, "page")
    block = Ref(Block, "block")


hub = Hub[0]


def see(page: Page):
    """Each page once."""
    page.seen = True
    hub.page = page


def map_block(block: Block):
    """Each block once."""
    hub.block = block
    block.seen = True


@invariant
def pairs_were_seen():
    """Not so: the block comes first."""
    return not (any(hub.block is block and not block.seen for block in each(Block)) and hub.page is not None)


@invariant
def nothing_is_lost():
    """True."""
    return not any(hub.page is page and not page.seen for page in each(Page))


run = scenario("Pairs.", process("see", see, per=Page), process("map", map_block, per=Block))
