"""What `prove` does: every proof that a model asks for, one after the other."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..base.errors import UsageError
from ..source.catalogue import load, suggestions
from ..verdict.result import EXIT_STATUS, HOLDS, VIOLATED
from ..verdict.result import INCOMPLETE as UNDECIDED
from .arithmetic.theorems import INCOMPLETE, PROVED, REFUTED, Proof, Prover, Refutation, theorems_of
from .unbounded.induction import inductions_of
from .unbounded.induction import prove as prove_induction

VERDICTS = {PROVED: HOLDS, REFUTED: VIOLATED, INCOMPLETE: UNDECIDED}


def proofs(
    model: str | Path | None = None, design: str | None = None, names: Sequence[str] = (), seconds: float = 20
) -> Iterator[Proof]:
    """The proofs of a model under a design, each as soon as it is done.

    names: of theorems and inductions; () for all.  seconds: for one question to z3.
    UsageError if there is no such theorem, ModelError if one cannot be read.
    """
    catalogue = load(model)
    theorems, inductions = theorems_of(catalogue), inductions_of(catalogue)
    for name in names:
        if name not in theorems and name not in inductions:
            raise UsageError(f"there is no theorem {name!r}" + suggestions(name, [*theorems, *inductions]))
    if not theorems and not inductions:
        raise UsageError(f"{catalogue.model} states no theorem, so there is nothing to prove")
    chosen = catalogue.design(design) if design else None
    prover = Prover(catalogue, chosen, seconds) if any(not names or n in names for n in theorems) else None
    for name, theorem in theorems.items():
        if prover is not None and (not names or name in names):
            yield prover.prove(name, theorem)
    for name, asked in inductions.items():
        if not names or name in names:
            yield prove_induction(catalogue, name, asked, chosen, seconds)


def verdict(done: Sequence[Proof]) -> str:
    """Of all proofs: "violated" if one is refuted, else "incomplete" if one is, else "holds"."""
    found = {VERDICTS[proof.verdict] for proof in done}
    return next((one for one in (VIOLATED, UNDECIDED) if one in found), HOLDS)


def exit_status(done: Sequence[Proof]) -> int:
    return EXIT_STATUS[verdict(done)]


# ------------------------------------------------------------------- for people


def text(proof: Proof, width: int = 80) -> str:
    """A proof as a paragraph: the verdict, the statement, what it covers and what it assumes."""
    questions = f"{proof.questions} question" + "s" * (proof.questions != 1)
    lines = [f"{proof.verdict:<10}  {proof.name}  {proof.kind}, {questions}, {proof.seconds:.1f} s"]
    lines += _wrapped(proof.doc, width)
    lines += _wrapped("covers: " + proof.covers, width)
    if proof.assumes:
        lines += _wrapped("assumes: " + proof.assumes, width)
    if proof.limit:
        lines += _wrapped("limit: " + proof.limit, width)
    if proof.refutation is not None:
        lines += _refutation(proof.refutation, width)
    if proof.picture:
        lines += ["", *("  " + line for line in proof.picture.splitlines())]
    return "\n".join(lines)


def summary(done: Sequence[Proof], design: str) -> str:
    """One line on all proofs."""
    counts = [(word, sum(proof.verdict == word for proof in done)) for word in (PROVED, REFUTED, INCOMPLETE)]
    said = ", ".join(f"{count} {word}" for word, count in counts if count)
    return f"{verdict(done):<8}  {design}  {said}, {sum(proof.seconds for proof in done):.1f} s"


def _wrapped(words: str, width: int) -> list[str]:
    options: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
    return textwrap.wrap(words, width, initial_indent="  ", subsequent_indent="    ", **options)


def _refutation(found: Refutation, width: int) -> list[str]:
    lines = [f"  refuted on: {found.machine}"]
    rows = [*found.geometry, *found.values]
    wide = max((len(name) for name, _ in rows), default=0)
    for name, value in rows:
        lines.append(f"    {name:<{wide}} = {value:>26,}  {_hexadecimal(value)}".rstrip())
    for sentence in found.wraps:
        lines += _wrapped(sentence, width)
    return lines


def _hexadecimal(value: int) -> str:
    """Large numbers once more in the base in which they are round."""
    return f"{'-' * (value < 0)}0x{abs(value):x}" if abs(value) >= 1024 else ""


# ------------------------------------------------------------------ for programs


def as_json(done: Sequence[Proof], design: str) -> dict[str, Any]:
    """The object that --json writes."""
    return {
        "verdict": verdict(done),
        "design": design,
        "seconds": round(sum(proof.seconds for proof in done), 3),
        "proofs": [_proof_as_json(proof) for proof in done],
    }


def _proof_as_json(proof: Proof) -> dict[str, Any]:
    found = proof.refutation
    refutation = found and {
        "values": dict(found.values), "geometry": dict(found.geometry), "machine": found.machine,
        "wraps": list(found.wraps),
    }  # fmt: skip
    return {
        "name": proof.name, "kind": proof.kind, "verdict": proof.verdict, "statement": proof.doc,
        "covers": proof.covers, "assumes": proof.assumes, "seconds": round(proof.seconds, 3),
        "questions": proof.questions, "limit": proof.limit or None, "refutation": refutation,
    }  # fmt: skip
