"""Witnesses of one instance: another one would do as well."""

from checker.lang import each, process, reachable, scenario

from pages import Page, fill, hub, look, see


@reachable
def the_first_page_is_last():
    """It can be."""
    return hub.last is Page[0] and not any(page.seen for page in each(Page))


@reachable
def the_last_page_is_last():
    """It can be."""
    return hub.last is Page[2] and not any(page.seen for page in each(Page))


run = scenario("Pages.", process("look", look), process("see", see, per=Page), process("fill", fill))
