"""Who is told of an error, and how often."""

from __future__ import annotations

from checker.lang import invariant

from model.include.state import File, Inode
from properties.witnesses import fsync_returns_an_error


@invariant(witness=fsync_returns_an_error)
def fsync_reports_errors(file: File):
    """fsync does not return 0 if writing data that it covers has failed and this file was never told."""
    return not file.missed


@invariant(witness=fsync_returns_an_error)
def errors_are_reported_once(file: File):
    """fsync returns an error only if there is one that this file has not been told yet."""
    return not file.told_twice


@invariant(witness=fsync_returns_an_error)
def flushes_report_errors(inode: Inode):
    """filemap_write_and_wait_range() does not return 0 if writing has failed since it was called."""
    return not inode.untold
