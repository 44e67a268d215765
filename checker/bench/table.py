"""What was measured, as tables: with lines and colour on a terminal, in plain columns elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from .rounds import Bench, speedup
from .rows import BenchRow
from .starts import Start

HEAD = (
    "engine", "threads", "states", "wall s", "CPU s", "system s", "states/s", "B/state", "x SPIN", "(rounds)", "by CPU",
)  # fmt: skip
START_HEAD = ("start", "engine", "cold s", "of it compiling", "warm s", "of it compiling")
LEFT = {"engine", "start"}  # columns of words
BUSY = 0.5  # load of the machine, for each processor, from which on it is worth a word


def text(bench: Bench, terminal: bool, width: int = 100) -> str:
    """Everything that is said of a bench."""
    draw = _with_rich if terminal else _plain
    parts = []
    for name in dict.fromkeys(row.case.name for row in bench.rows):
        rows = [row for row in bench.rows if row.case.name == name]
        parts.append(draw(name, HEAD, [_cells(row) for row in rows], width))
        parts += [f"  {_engine(row)}: {row.problem}" for row in rows if row.problem]
        parts += [
            f"  {_engine(row)}, {row.label.threads} threads: {times:.2f} times as fast as one"
            for row, times in speedup(rows)
        ]
        parts.append("")
    measured = [start for start in bench.starts if not start.problem]
    if measured:
        title = "from the command to the answer"
        parts += [draw(title, START_HEAD, [_start_cells(start) for start in measured], width), ""]
    parts += [f"{s.case.name}: {s.engine} did not start: {s.problem}" for s in bench.starts if s.problem]
    return "\n".join([*parts, *_remarks(bench)])


def _remarks(bench: Bench) -> list[str]:
    runs = max((row.runs for row in bench.rows), default=0)
    lines = [
        f"Medians of {runs} rounds in turn; exploration only, without compilation.",
        "system s: the part of CPU s that the system took, most of it to provide memory.",
    ]
    if bench.load > BUSY * bench.processors:
        lines.append(
            f"The machine was busy (load {bench.load:.1f} on {bench.processors} processors): trust CPU more than wall."
        )
    return lines + [f"Note: {note}." for note in bench.notes]


def _engine(row: BenchRow) -> str:
    label = row.label
    kind = label.text or ("reduced" if label.reduced else "")
    return f"{label.engine}, {kind}" if kind else label.engine


def _cells(row: BenchRow) -> list[str]:
    spread = f"({row.lowest:.1f}-{row.highest:.1f})" if row.lowest and row.highest else ""
    return [
        _engine(row),
        str(row.label.threads),
        _number(row.states, 0),
        _number(row.seconds, 3),
        _number(row.cpu_seconds, 3),
        _number(row.system_seconds, 3),
        _number(row.states_per_second, 0),
        _number(row.bytes_per_state, 1),
        _number(row.ratio_to_spin, 2),
        spread,
        _number(row.cpu_ratio, 2),
    ]


def _start_cells(start: Start) -> list[str]:
    numbers = (start.cold, start.cold_compile, start.warm, start.warm_compile)
    return [start.case.name, start.engine, *(f"{number:.2f}" for number in numbers)]


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:,.{digits}f}"


def _plain(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    widths = [max(map(len, column)) for column in zip(head, *rows)]
    lines = [title]
    for row in (head, *rows):
        cells = (f"{c:<{w}}" if name in LEFT else f"{c:>{w}}" for name, c, w in zip(head, row, widths))
        lines.append("  " + "  ".join(cells).rstrip())
    return "\n".join(lines)


def _with_rich(title: str, head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for name in head:
        table.add_column(name, justify="left" if name in LEFT else "right", overflow="fold", no_wrap=name in LEFT)
    for row in rows:
        table.add_row(*row)
    console = Console(width=width, force_terminal=True)
    with console.capture() as captured:
        console.print(table)
    return captured.get().rstrip("\n")
