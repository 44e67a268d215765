"""Curves of growth, drawn by Matplotlib."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..base.errors import UsageError
from .growth import Point

COLUMNS = 2
LEAST = 0.01  # seconds that are drawn


def draw(points: Sequence[Point], path: str) -> None:
    """Seconds by states, both in logarithms: a picture for each family, a curve for each engine.

    path: its suffix says the format.  UsageError if Matplotlib is not there, or does not know the format."""
    plt = needed(path)
    names = list(dict.fromkeys(point.family for point in points))
    rows = -(-len(names) // COLUMNS)
    figure, axes = plt.subplots(rows, COLUMNS, figsize=(6 * COLUMNS, 4 * rows), squeeze=False)
    for name, axis in zip(names, axes.flat):
        _curves([point for point in points if point.family == name], axis)
        axis.set(title=name, xscale="log", yscale="log", xlabel="states", ylabel="seconds")
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    plt.close(figure)


def _curves(points: Sequence[Point], axis: object) -> None:
    for engine in dict.fromkeys(point.label.engine for point in points):
        done = [p.sample for p in points if p.label.engine == engine and p.sample]
        axis.plot([s.states for s in done], [max(s.seconds, LEAST) for s in done], marker="o", label=engine)
    axis.legend()


def needed(path: str) -> object:
    """Matplotlib's pyplot; UsageError if it is not there, or cannot write such a file."""
    try:
        import matplotlib
    except ImportError:
        raise UsageError("--plot needs Matplotlib: pip install matplotlib") from None
    matplotlib.use("agg")
    from matplotlib import pyplot

    suffix = Path(path).suffix.lstrip(".")
    if suffix not in (known := pyplot.figure().canvas.get_supported_filetypes()):
        raise UsageError(f"--plot {path}: its suffix says the format, one of {', '.join(sorted(known))}")
    pyplot.close("all")
    return pyplot
