"""Properties of every kind about the programs of `tests.fuzz.programs`, as text."""

from __future__ import annotations

from random import Random

KINDS = {"invariant": 8, "transition_invariant": 5, "terminal": 2, "after_crash": 1, "reachable": 2, "leads_to": 0.5}
STATES = {
    "not ({a} and {b})": 3, "implies({a}, {b})": 4, "implies({b}, {a} or {c})": 2, "implies({a} and {b}, {c})": 2, "{a} or {b}": 1,
    "not {a}": 2, "({a}) == ({b})": 1, "{n} <= {m}": 1.5, "{n} >= {m}": 1.5, "implies({n} > 0, {a})": 1.5, "implies({a}, {n} >= 1)": 1.5,
    "{n} < 2": 1, "implies({a}, {b} and {c})": 2, "{a} or {b} or {c}": 1, "implies({a}, not ({b} or {c}))": 1,
}  # fmt: skip
STEPS = {
    "implies(old({a}), not {a})": 2, "implies(old({a}), {a})": 2, "implies(old({a}), {b})": 2, "implies({a} and not old({a}), {b})": 2,
    "implies({a} and not old({a}), old({b}))": 2, "{n} >= old({n})": 1, "{n} <= old({n}) + 1": 0.5, "implies({a}, old({a} or {b}))": 1,
    "implies(old({a}), {a} or {b})": 2, "implies(old({a}) and {b}, old({b}))": 1, "({a}) == old({a}) or {b}": 1,
    "not (old({a}) and {a} and {b})": 1, "implies(old({a}) and not {a}, {b} or {c})": 1,
}  # fmt: skip


class Claims:
    """Draws properties."""

    def __init__(self, random: Random, count: int, has_locks: bool, has_twin: bool, alike: bool, joint: list, actors: int, focus: str) -> None:
        """alike: no instance is named by its number.  joint: pairs of variables that one step writes.
        actors: processes with private variables.  focus: see `tests.fuzz.programs.FOCUS`."""
        self.random, self.count, self.has_locks, self.has_twin = random, count, has_locks, has_twin
        self.alike, self.joint, self.actors, self.focus = alike, joint, actors, focus
        self.kinds = KINDS | ({"transition_invariant": 20} if focus == "blinks" else {})

    def text(self, number: int) -> list[str]:
        """The lines of so many properties."""
        lines: list[str] = []
        for which in range(number):
            kind = "invariant" if which == 0 else self._weighed(self.kinds)
            params = "s: S" if self.random.random() < 0.35 else ""
            fair = '(fair=("p0",))' if kind == "leads_to" else ""
            lines += ["", "", f"@{kind}{fair}", f"def claim{which}({params}):", '    """A claim."""']
            lines.append(f"    return {self._claim(kind, 's' if params else '')}")
        return lines

    def _weighed(self, weights: dict[str, float]) -> str:
        return self.random.choices(list(weights), list(weights.values()))[0]

    def _claim(self, kind: str, param: str) -> str:
        if kind == "leads_to":
            return f"{self._atom(param)}, {self._atom(param)}"
        form = self._weighed(STEPS if kind == "transition_invariant" else STATES)
        parts = {name: self._atom(param) for name in "abc"}
        pairs = [pair for pair in self.joint if param or not any(place.startswith("s.") for place in pair)]
        if pairs and self.random.random() < (0.7 if self.focus == "joint" else 0.4):
            names = self.random.sample("abc", 2)
            if self.random.random() < 0.7 and kind != "transition_invariant":  # both together repair it
                form, names = "implies({a}, {b} and {c})", ["b", "c"]
                parts["a"] = self.random.choice(["h.f", "h.g", *(f"Own[{k}].v" for k in range(self.actors))])
            parts.update(zip(names, self.random.choice(pairs)))
        return form.format(**parts, n=self._number(), m=self._number())

    def _atom(self, param: str) -> str:
        """What is true or false of a state."""
        of = [param] * 3 if param and self.random.random() < 0.9 else []
        if not of and not self.alike:
            of = ["S[0]", f"S[{self.count - 1}]"] if self.random.random() < 0.5 else []
        plain = [f"{s}.{field}" for s in of for field in ("x", "y", "kept") if field != "kept" or self.has_locks]
        plain += [f"is_locked({s}.lock)" for s in of if self.has_locks]
        plain += [f"T[{s if s[0] != 'S' else s[2]}].b" for s in of if self.has_twin and s != param]
        plain += ["h.f", "h.g", "h.f", "h.g", "h.t > 0", "h.t == 2", "h.last is None"]
        plain += [] if self.alike else ["h.arr[0]", f"h.arr[{self.count - 1}]"]
        plain += ["any(e.x for e in each(S))", "all(e.y for e in each(S))", "any(e.x and not e.y for e in each(S))"]
        plain += [f"Own[{k}].v" for k in range(self.actors) for _ in range(3)] + [f"Own[{k}].n == 1" for k in range(self.actors)]
        plain += ["h.kept", "is_locked(h.lock)"] * self.has_locks
        plain += [f"h.last is {s}" for s in of]
        one = self.random.choice(plain)
        return f"not {one}" if self.random.random() < 0.3 else one

    def _number(self) -> str:
        counts = [f"sum(1 for e in each(S) if e.{field})" for field in ("x", "y")]
        counts += ["sum(1 for e in each(S) if is_locked(e.lock))"] * self.has_locks
        return self.random.choice(["h.t", "1", *counts])
