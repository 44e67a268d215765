"""What became of mutants, as text."""

from __future__ import annotations

import textwrap
from collections import Counter

from .judge import KILLED, REFUSED, SURVIVED
from .run import Mutated
from .store import Key

WIDTH = 80


def text(found: Mutated, every: bool) -> str:
    """The matrix: what kills each mutant (every), or how many of each function; then what survives."""
    parts = [_mutants(found) if every else _functions(found), _properties(found)]
    if found.lost:
        parts.append(["formerly killed, and not any more:", *(_named(key) for key in found.lost)])
    if found.gaps and not every:
        parts.append(["survive, and nobody has said why that is harmless:", *(_named(key) for key in found.gaps)])
    return "\n\n".join("\n".join(part) for part in [*parts, summary(found)] if part)


def summary(found: Mutated) -> list[str]:
    """ "313 mutants: 200 killed, 20 explained, 30 survive, 63 are no programs; score 88 %"."""
    explained = len(found.having(SURVIVED)) - len(found.gaps)
    counts = f"{len(found.having(KILLED))} killed, {explained} explained, {len(found.gaps)} survive"
    refused = f", {len(found.having(REFUSED))} are no programs" if found.having(REFUSED) else ""
    return [f"{len(found.fates)} mutants: {counts}{refused}; score {100 * found.score:.0f} %"]


def _mutants(found: Mutated) -> list[str]:
    lines, place = [], ""
    for key, fate in found.fates.items():
        if key[0] != place:
            place = key[0]
            lines += [""] * bool(lines) + [place]
        what = f"by {fate.by} in {fate.scenario}" if fate.verdict == KILLED else ""
        if fate.verdict == REFUSED:
            what = f"no program: {fate.by}"
        if fate.verdict == SURVIVED:
            what = f"explained: {found.reasons[key]}" if key in found.reasons else f"a gap, in {fate.rows} rows"
        lines += textwrap.wrap(f"{fate.verdict:<8}  {key[1]}", WIDTH, initial_indent="  ", subsequent_indent=" " * 12)
        lines += textwrap.wrap(what, WIDTH, initial_indent=" " * 14, subsequent_indent=" " * 14)
    return lines


def _functions(found: Mutated) -> list[str]:
    count: dict[str, Counter[str]] = {}
    for key, fate in found.fates.items():
        verdict = "gap" if key in found.gaps else "explained" if fate.verdict == SURVIVED else fate.verdict
        count.setdefault(key[0], Counter())[verdict] += 1
    wide = max((len(place.rpartition(".")[2]) for place in count), default=0)
    lines = [f"{'function':<{wide}}  killed  explained  survive  no program"]
    for place, one in count.items():
        numbers = f"{one[KILLED]:>6}  {one['explained'] or '':>9}  {one['gap'] or '':>7}  {one[REFUSED] or '':>10}"
        lines.append(f"{place.rpartition('.')[2]:<{wide}}  {numbers}".rstrip())
    return lines


def _properties(found: Mutated) -> list[str]:
    kills = found.kills()
    wide = max(map(len, kills), default=0)
    return ["killed first by", *(f"  {name:<{wide}}  {count:>4}" for name, count in kills.most_common())] if kills else []


def _named(key: Key) -> str:
    return textwrap.fill(f"{key[0].rpartition('.')[2]}: {key[1]}", WIDTH, initial_indent="  ", subsequent_indent="      ")
