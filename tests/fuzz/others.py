"""Other opinions on a program, which are too slow for each: the oracle, the exported TLA+ and Promela, the interpreter itself."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.support import oracle
from tests.support.agreement import all_states, same_as_oracle
from checker.ir import program as ir
from checker.source.catalogue import Catalogue
from checker.search.explore import explore
from checker.export.promela.program import extra_states, to_promela
from checker.trace.temporal import check_leads_to

from tests.fuzz.judge import MODES, Report, Wrong, differing_counts
from tests.fuzz.lasso import leads_to_holds
from tests.fuzz.parts import only
from tests.fuzz.quick import quick
from tests.support.spin import run_spin

FEW = 600  # states of a program that slow opinions are asked about


def other_opinions(report: Report, catalogue: Catalogue, program: ir.Program, spin: bool) -> Report:
    """`report` with what the others say."""
    judged = all_states(program, FEW)
    if judged is None:
        return report
    found = oracle.explore(catalogue.scenario("run"), limit=20 * FEW)
    texts = same_as_oracle(program, found, judged) if found.complete else []
    report.counts["oracle"] += found.complete
    report.wrong += [Wrong("oracle", "plain", "", "", text) for text in texts]
    _interpreter(report, program)
    _liveness(report, program)
    if spin:
        _spin(report, program, judged)
    return report


def _interpreter(report: Report, program: ir.Program) -> None:
    """The interpreter itself, where the fast one was used."""
    report.counts["interpreter"] += 1
    for mode, options in {"plain": {}, **MODES}.items():
        try:
            one = explore(program, engine="interpret", stop=False, **options)
            with quick():
                other = explore(program, engine="interpret", stop=False, **options)
        except Exception:  # noted by the judge
            continue
        report.wrong += [Wrong("counts", mode, "quick", "", text) for text in differing_counts(one, other)]


def _liveness(report: Report, program: ir.Program) -> None:
    for prop in program.properties:
        if prop.kind == "leads_to":
            report.counts["leads_to"] += 1
            one, other = check_leads_to(program, prop).verdict, leads_to_holds(program, prop)
            if (one == "holds") != other:
                report.wrong.append(Wrong("leads_to", "plain", "", prop.name, f"{one}, and {other}"))


def _spin(report: Report, program: ir.Program, judged) -> None:
    """SPIN's states, and its verdict on one property."""
    report.counts["SPIN"] += 1
    with tempfile.TemporaryDirectory() as directory:
        run = run_spin(to_promela(program), Path(directory), ["-DCOUNT"], ["-c0", "-E"])
        expected = len(judged.states) + extra_states(program)
        if run.stored != expected:
            report.wrong.append(Wrong("SPIN", "plain", "", "", f"{run.stored} states, ours {expected}"))
        for name in [p.name for p in program.properties if p.kind not in ("reachable", "leads_to")][:2]:
            alone = only(program, [name])
            known = bool(all_states(alone).violations)
            if (run_spin(to_promela(alone), Path(directory)).errors > 0) != known:
                report.wrong.append(Wrong("SPIN", "plain", "", name, f"violated: {known}, by SPIN {not known}"))
