"""A race as a drawing for documents: lifelines side by side, time downward, arrows at the left where the order matters."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

from ..trace.trace import Trace
from .cells import DrawnRow
from .short import MOST_COLUMNS, Told, told

WIDTH = 100  # columns of text
LETTER, ROW, TOP, STRIDE = 7.3, 24, 46, 24  # width of a letter, height of a row, where rows begin; letters between lifelines
MARGIN = 70  # for the arrows
STYLE = """
  text { font: 12px ui-monospace, Menlo, "DejaVu Sans Mono", monospace; fill: #1d2126; }
  .back { fill: #ffffff; } .head { font-weight: bold; } .bad { fill: #b3261e; } .dim { fill: #6b727b; }
  .life { stroke: #c6c9c2; } .dot { fill: #1f6fb2; } .order { fill: none; stroke: #b4541a; stroke-width: 1.3; }
  @media (prefers-color-scheme: dark) {
    text { fill: #dfe2e6; } .back { fill: #15181c; } .bad { fill: #ff8a80; } .dim { fill: #8b939d; }
    .life { stroke: #3d444d; } .dot { fill: #6cb2ee; } .order { stroke: #f09a66; }
  }
"""


def to_svg(trace: Trace, rows: Sequence[DrawnRow] = ()) -> str:
    """The drawing as text, which stands alone; light or dark as the reader's screen is."""
    story = told(trace, rows, WIDTH)
    threads = list(dict.fromkeys(moment.who for moment in story.moments))
    at = {name: MARGIN + min(column, MOST_COLUMNS - 1) * STRIDE * LETTER for column, name in enumerate(threads)}
    texts = [moment.within(WIDTH) for moment in story.moments]
    wide = max([*(at[m.who] + 14 + len(text) * LETTER for m, text in zip(story.moments, texts)), *(20 + len(t) * LETTER for t in story.below)], default=200)
    bottom = TOP + ROW * len(story.moments)
    parts = [f'<line class="life" x1="{x:.0f}" y1="30" x2="{x:.0f}" y2="{bottom}"/>' for x in sorted(set(at.values()))]
    for x in sorted(set(at.values())):
        parts.append(_text(x - 4, 20, ", ".join(name for name in threads if at[name] == x), "head"))
    for number, (moment, text) in enumerate(zip(story.moments, texts)):
        y = TOP + ROW * number
        parts.append(f'<rect class="back" x="{at[moment.who] + 8:.0f}" y="{y - 8}" width="{len(text) * LETTER + 8:.0f}" height="16"/>')
        parts.append(f'<circle class="dot" cx="{at[moment.who]:.0f}" cy="{y}" r="3.5"/>' + _text(at[moment.who] + 12, y + 4, text))
    parts += [_arrow(*pair, level) for level, pair in enumerate(story.orders)]
    parts += _below(story, bottom + 14)
    height = bottom + 20 + 18 * len(story.below)
    marker = '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path class="order" d="M0 0 8 4 0 8"/></marker>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide + 16:.0f} {height}" width="{wide + 16:.0f}" height="{height}">'
    return "\n".join([head, f"<style>{STYLE}</style><defs>{marker}</defs>", '<rect class="back" width="100%" height="100%"/>', *parts, "</svg>", ""])


def _text(x: float, y: float, text: str, kind: str = "") -> str:
    return f'<text xml:space="preserve" x="{x:.0f}" y="{y}"' + (f' class="{kind}"' if kind else "") + f">{escape(text)}</text>"


def _arrow(first: int, second: int, level: int) -> str:
    """From a moment to the one that it has to come before."""
    x, begin, end = MARGIN - 10, TOP + ROW * first, TOP + ROW * second
    out = x - 16 - 12 * (level % 3)
    return f'<path class="order" marker-end="url(#tip)" d="M{x} {begin} C{out} {begin} {out} {end} {x} {end}"/>'


def _below(story: Told, top: int) -> list[str]:
    kinds = ["bad" if line.lstrip().startswith(("violated:", "<power")) else "dim" for line in story.below]
    return [_text(8, top + 18 * number, line, kind) for number, (line, kind) in enumerate(zip(story.below, kinds))]
