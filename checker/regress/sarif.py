"""What is wrong as SARIF 2.1.0: the violation of a check; of a regression run the rows that differ, and known findings.

A counterexample is a code flow with a thread flow for each thread; `executionOrder` tells how
their steps follow each other.  Locations are in the files of the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .. import __version__
from ..base.errors import shown_path
from ..base.files import ROOT
from ..table.findings import Finding
from .measure import Spot, spots_of
from .run import DIFFERS, FINDING, NEW, Compared, Regression

if TYPE_CHECKING:
    from ..verdict.result import Result

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
NAME = "writeback-checker"
UNEXPECTED = "verdict"  # rule of a row that differs and violates nothing


def sarif(found: Regression, findings: dict[str, Finding]) -> dict[str, Any]:
    """The SARIF log of a regression run; findings: what is known of them, by name."""
    wrong = found.having(DIFFERS, NEW, FINDING)
    return _log([_of_row(one, findings) for one in wrong])


def of_result(result: Result, finding: Finding | None = None) -> dict[str, Any]:
    """The SARIF log of a check: its violation, if there is one; finding: that it is known as."""
    violation = result.violation
    if violation is None:
        return _log([])
    spots = spots_of(violation.trace) if violation.trace else ()
    known = f" (known finding {finding.name}: {finding.order})" if finding else ""
    place = spots[-1].frames[-1][1:] if spots and spots[-1].frames else (result.model, 0)
    name = " ".join((result.model and shown_path(result.model), result.design, result.scenario, violation.property)).strip()
    return _log([Reported(violation.property, violation.message, f"{name}: {violation.message}{known}", bool(finding), place, name, spots)])


@dataclass(frozen=True)
class Reported:
    """A result of a log.  rule: the property; says: what that is; known: a warning, and no error; place: file and line;
    fingerprint: by which it is the same one in the next log."""

    rule: str
    says: str
    message: str
    known: bool
    place: tuple[str, int]
    fingerprint: str
    spots: tuple[Spot, ...]


def _of_row(one: Compared, findings: dict[str, Finding]) -> Reported:
    says = one.found.message or "The verdict is the one in the table."
    fingerprint = " ".join(str(part) for part in one.row.key)
    known = one.status == FINDING
    return Reported(_rule(one), says, _message(one, findings), known, _place(one), fingerprint, one.found.spots)


def _log(told: list[Reported]) -> dict[str, Any]:
    rules = {one.rule: one.says for one in told}
    described = [{"id": name, "shortDescription": {"text": text}} for name, text in rules.items()]
    driver = {"name": NAME, "version": __version__, "rules": described}
    order = {name: index for index, name in enumerate(rules)}
    results = [_result(one, order[one.rule]) for one in told]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(one: Compared) -> str:
    return one.found.outcome.property or UNEXPECTED


def _result(one: Reported, index: int) -> dict[str, Any]:
    result = {
        "ruleId": one.rule,
        "ruleIndex": index,
        "kind": "fail",
        "level": "warning" if one.known else "error",
        "message": {"text": one.message},
        "locations": [_location(*one.place)],
        "partialFingerprints": {"row/v1": one.fingerprint},
    }
    return result | ({"codeFlows": [_code_flow(one)]} if one.spots else {})


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


def _code_flow(one: Reported) -> dict[str, Any]:
    """A thread flow for each thread, in the order in which they appear."""
    threads: dict[str, list[dict[str, Any]]] = {}
    for number, spot in enumerate(one.spots, 1):
        threads.setdefault(spot.who, []).append(_step(spot, number))
    flows = [{"id": who, "message": {"text": who}, "locations": steps} for who, steps in threads.items()]
    return {"message": {"text": one.says}, "threadFlows": flows}


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
    path = Path(file).resolve()
    base = next((base for base in (Path.cwd(), ROOT) if path.is_relative_to(base)), None)  # a log is read on other machines
    uri = path.as_uri() if base is None else quote(path.relative_to(base).as_posix())
    region = {"region": {"startLine": line}} if line > 0 else {}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, **region}}
