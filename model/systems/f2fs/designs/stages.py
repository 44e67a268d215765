"""A revision of a proposal with its first repair, with its first two, and so on: a design for each."""

from __future__ import annotations

from checker.lang import variant


def stages(revision, docs, edits):
    """The designs between a revision and the one in which all is repaired, in order.

    docs: what is so after each repair.  edits: those that are made behind 0, 1, 2, ... repairs.
    """
    docs = (f"{revision.doc} With {count} repairs, the last: {doc}" for count, doc in enumerate(docs, 1))
    return [variant(doc, *revision.edits, *edits[count], of=revision.of) for count, doc in enumerate(docs, 1)]


def one_by_one(repairs):
    """The edits behind 0, 1, 2, ... repairs, each of which leaves those before it as they are."""
    return [tuple(edit for repair in repairs[:count] for edit in repair) for count in range(len(repairs) + 1)]
