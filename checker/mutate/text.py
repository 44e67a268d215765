"""What became of mutants, as text."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable

from .judge import EQUIVALENT, KILLED, REFUSED, SURVIVED, Fate
from .run import Mutated
from .store import Key

NARROW = "\0"  # a space at which no line is broken


def text(found: Mutated, every: bool, width: int = 80) -> str:
    """The matrix, of mutants (every) or of functions, and what kills them; then what survives."""
    parts = [_mutants(found, width) if every else _functions(found, width), _properties(found)]
    if found.lost:
        parts.append(["formerly killed, and not any more:", *_by_function(found.lost, width)])
    if found.gaps and not every:
        unreached = [key for key in found.gaps if not found.fates[key].rows]
        survive = [key for key in found.gaps if found.fates[key].rows]
        if survive:
            parts.append(["survive, and nobody has said why that is harmless:", *_by_function(survive, width)])
        if unreached:
            parts.append(["no row of the table that holds takes the step:", *_by_function(unreached, width)])
    return "\n\n".join("\n".join(part) for part in [*parts, summary(found)] if part)


def summary(found: Mutated) -> list[str]:
    """ "313 mutants, of which 63 are no programs of the language; of the others ...", the score last."""
    judged = len(found.fates) - len(found.having(REFUSED))
    counts = {
        "killed by a property": found.having(KILLED),
        "equivalent, as the compiled programs show": found.having(EQUIVALENT),
        "harmless for a reason that is told": found.told,
        "survive": found.gaps,
    }
    wide = len(f"{judged:,}")
    lines = [f"{len(found.fates):,} mutants, {len(found.having(REFUSED)):,} of which are no programs of the language; of the others"]
    for words, keys in counts.items():
        lines.append(f"  {len(keys):>{wide},}  {100 * len(keys) / max(judged, 1):>3.0f} %  {words}")
    return [*lines, f"score {100 * found.score:.0f} %"]


def _mutants(found: Mutated, width: int) -> list[str]:
    lines, place = [], ""
    for key, fate in found.fates.items():
        if key[0] != place:
            place = key[0]
            lines += [""] * bool(lines) + [place]
        lines += _wrapped(f"{fate.verdict:<10}  {key[1]}", width, 2, 14)
        lines += _wrapped(_what(key, fate, found), width, 16, 16)
    return lines


def _what(key: Key, fate: Fate, found: Mutated) -> str:
    """What is to be said of one mutant."""
    bound = f", bound {fate.bound}" if fate.bound is not None else ""
    match fate.verdict:
        case "killed":
            return f"by {fate.by} in {fate.scenario}{bound}"
        case "refused":
            return f"no program: {fate.by}"
        case "equivalent":
            return fate.by
    if key in found.reasons:
        return f"harmless: {found.reasons[key]}"
    return f"a gap, in {fate.rows} row{'s' * (fate.rows != 1)}" if fate.rows else "a gap: no row takes the step"


def _functions(found: Mutated, width: int) -> list[str]:
    """For each function how many of its mutants are killed, by what, and what becomes of the others."""
    places = list(dict.fromkeys(place for place, _ in found.fates))
    wide = max((len(_short(place)) for place in places), default=0)
    lines = [f"{'function':<{wide}}    killed    what becomes of the others; what kills first"]
    gaps, told = set(found.gaps), set(found.told)
    for place in places:
        fates = {key: fate for key, fate in found.fates.items() if key[0] == place and fate.verdict != REFUSED}
        by = Counter(fate.by for fate in fates.values() if fate.verdict == KILLED)
        others = Counter(
            "gaps" if key in gaps else "harmless" if key in told else EQUIVALENT
            for key, fate in fates.items()
            if fate.verdict != KILLED
        )
        told_of = ", ".join(f"{words}: {count}" for words, count in others.items())
        lines.append(f"{_short(place):<{wide}}  {by.total():>3} of {len(fates):>2}   {told_of}".rstrip())
        lines += _wrapped(", ".join(f"{name}{NARROW}{count}" for name, count in by.most_common()), width, 4, 4)
    return lines


def _properties(found: Mutated) -> list[str]:
    """How many mutants each property kills, and of how many functions."""
    kills = found.kills()
    if not kills:
        return []
    of = {name: len({key[0] for key, fate in found.fates.items() if fate.verdict == KILLED and fate.by == name}) for name in kills}
    wide = max(map(len, kills))
    head = f"{'killed first by':<{wide}}  mutants  functions"
    return [head, *(f"{name:<{wide}}  {count:>7}  {of[name]:>9}" for name, count in kills.most_common())]


def _by_function(keys: Iterable[Key], width: int) -> list[str]:
    lines, place = [], ""
    for key in keys:
        if key[0] != place:
            place = key[0]
            lines.append(f"  {_short(place)}")
        lines += _wrapped(key[1], width, 6, 10)
    return lines


def _short(place: str) -> str:
    return place.rpartition(".")[2]


def _wrapped(line: str, width: int, first: int, following: int) -> list[str]:
    indents = {"initial_indent": " " * first, "subsequent_indent": " " * following}
    lines = textwrap.wrap(line, width, **indents, break_long_words=False, break_on_hyphens=False)
    return [line.replace(NARROW, " ") for line in lines]
