"""An instance of one class names one of another: only one of the two is permuted."""

from checker.lang import Flag, Ref, Struct, bug_on, choose, each, primitive, process, scenario


class Block(Struct, count=2):
    """What pages are mapped to."""

    seen = Flag("seen")


class Page(Struct, count=2):
    """Each names a block."""

    block = Ref(Block, "block")


@primitive()
def look(page: Page):
    """The block of this page was seen, that of another one was not: that can be."""
    block = page.block
    bug_on(block is not None and block.seen and any(other.block is not None and other.block is not block for other in each(Page)))


def map_page(page: Page):
    """To any block."""
    block = choose(block for block in each(Block))
    page.block = block
    look(page)


def see(block: Block):
    """Each block once."""
    block.seen = True


run = scenario("Maps.", process("map", map_page, per=Page), process("see", see, per=Block))
