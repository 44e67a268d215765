"""Statements of a step that may not change places: of several writes the last one counts."""

from checker.lang import bug_on, each, primitive, process, scenario, wait_until

from pages import Page, fill, hub, see


@primitive()
def gather():
    """The first page that was seen: what is written last counts."""
    for n in range(3):
        hub.last = Page[2 - n] if Page[2 - n].seen else hub.last


@primitive()
def keep():
    """The page that was found, if one was."""
    if hub.last is not None:
        hub.last.kept = True
        hub.last = None


@primitive()
def again():
    """The same page is found again, when all were seen."""
    for n in range(3):
        hub.last = Page[2 - n] if Page[2 - n].seen else hub.last
    bug_on(hub.last is not None and hub.last.kept and all(page.seen for page in each(Page)))


def look():
    """Twice, once all were seen."""
    wait_until(hub.full)
    gather()
    keep()
    again()


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
