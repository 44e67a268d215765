"""Traces that no kernel has made: what is recorded is spoilt on purpose, and must be refused.

Whoever accepts everything accepts the kernel, too; the share of these that is refused says how much an acceptance is worth.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace

from .episodes import Episode, Event, data

Shown = Callable[[Event], bool]  # does an event show a step?


def disturbances(episode: Episode, shows_a_step: Shown, chance: random.Random) -> Iterator[tuple[str, Episode]]:
    """One of each kind that an episode has room for, by name.

    Only what a thread did itself is exchanged or dropped: events of two threads may well come the other way round.
    """
    events = list(episode.events)
    kinds = {"exchanged": _exchanged, "dropped": _dropped, "changed": _changed}
    for kind, disturb in kinds.items():
        if choices := list(disturb(events, shows_a_step)):
            yield kind, replace(episode, events=tuple(chance.choice(choices)))


def _exchanged(events: list[Event], shows_a_step: Shown) -> Iterator[list[Event]]:
    """Two neighbouring steps of one thread, in the other order."""
    last: dict[str, int] = {}
    for place, event in enumerate(events):
        if shows_a_step(event):
            before = last.get(event.role)
            if before is not None and (events[before].name, events[before].fields) != (event.name, event.fields):
                yield [*events[:before], event, *events[before + 1 : place], events[before], *events[place + 1 :]]
            last[event.role] = place
        elif event.name == "end":
            last.pop(event.role, None)


def _dropped(events: list[Event], shows_a_step: Shown) -> Iterator[list[Event]]:
    for place, event in enumerate(events):
        if shows_a_step(event):
            yield events[:place] + events[place + 1 :]


def _changed(events: list[Event], shows_a_step: Shown) -> Iterator[list[Event]]:
    """A value that the model has, too, is another one."""
    for place, event in enumerate(events):
        known = data()["events"].get(event.name, {})
        for name in [*known.get("now", ()), *known.get("same", ())]:
            if name in event.fields:
                changed = replace(event, fields={**event.fields, name: event.fields[name] + 1024})
                yield [*events[:place], changed, *events[place + 1 :]]
