"""What is wrong in a regression run as SARIF 2.1.0: rows that differ, and known findings.

A counterexample is a code flow with a thread flow for each thread; `executionOrder` tells how
their steps follow each other.  Locations are in the files of the model.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..base.errors import shown_path
from ..table.findings import Finding
from .measure import Spot
from .run import DIFFERS, FINDING, NEW, Compared, Regression

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NAME = "writeback-checker"
UNEXPECTED = "verdict"  # rule of a row that differs and violates nothing


def sarif(found: Regression, findings: dict[str, Finding]) -> dict[str, Any]:
    """The SARIF log; findings: what is known of them, by name."""
    wrong = found.having(DIFFERS, NEW, FINDING)
    rules = {_rule(one): one.found.message or "The verdict is the one in the table." for one in wrong}
    driver = {"name": NAME, "rules": [{"id": name, "shortDescription": {"text": text}} for name, text in rules.items()]}
    order = {name: index for index, name in enumerate(rules)}
    results = [_result(one, order[_rule(one)], findings) for one in wrong]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(one: Compared) -> str:
    return one.found.outcome.property or UNEXPECTED


def _result(one: Compared, index: int, findings: dict[str, Finding]) -> dict[str, Any]:
    result = {
        "ruleId": _rule(one),
        "ruleIndex": index,
        "kind": "fail",
        "level": "warning" if one.status == FINDING else "error",
        "message": {"text": _message(one, findings)},
        "locations": [_location(*_place(one))],
        "partialFingerprints": {"row/v1": " ".join(str(part) for part in one.row.key)},
    }
    return result | ({"codeFlows": [_code_flow(one)]} if one.found.spots else {})


def _message(one: Compared, findings: dict[str, Finding]) -> str:
    what = "; ".join(one.told)
    if one.status == FINDING:
        known = findings.get(one.row.finding)
        what = f"known finding {one.row.finding}" + (f": {known.order}" if known else "")
    return f"{one.row}: {what}"


def _place(one: Compared) -> tuple[str, int]:
    """Where the last step is, or the row if there is none."""
    if one.found.spots and one.found.spots[-1].frames:
        return one.found.spots[-1].frames[-1][1:]
    return one.row.file, one.row.line


def _code_flow(one: Compared) -> dict[str, Any]:
    """A thread flow for each thread, in the order in which they appear."""
    threads: dict[str, list[dict[str, Any]]] = {}
    for number, spot in enumerate(one.found.spots, 1):
        threads.setdefault(spot.who, []).append(_step(spot, number))
    flows = [{"id": who, "message": {"text": who}, "locations": steps} for who, steps in threads.items()]
    return {"message": {"text": one.found.message}, "threadFlows": flows}


def _step(spot: Spot, number: int) -> dict[str, Any]:
    calls = " -> ".join(f"{function}()" for function, _, _ in spot.frames)
    text = f"{calls}: {spot.call}" if calls else spot.call
    place = spot.frames[-1][1:] if spot.frames else ("", 0)
    return {
        "location": {**_location(*place), "message": {"text": text}},
        "executionOrder": number,
        "nestingLevel": max(len(spot.frames) - 1, 0),
    }


def _location(file: str, line: int) -> dict[str, Any]:
    if not file:
        return {}
    shown = shown_path(file)
    uri = Path(shown).as_uri() if Path(shown).is_absolute() else quote(Path(shown).as_posix())
    region = {"region": {"startLine": line}} if line > 0 else {}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, **region}}
