"""The page: one HTML file with everything in it, which loads nothing and runs no script but its own."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from importlib import resources
from typing import Any

SCRIPTS = ("data.js", "timeline.js", "panels.js", "live.js", "keys.js", "main.js")  # one script, in this order


def page(data: dict[str, Any]) -> str:
    """The page that shows `data` (`session.whole`), as text."""
    script = "".join(_part(name) for name in SCRIPTS)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {
        "TITLE": html.escape(title(data)),
        "POLICY": f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; connect-src "
        + ("'self'" if data["live"] else "'none'"),
        "STYLE": _part("style.css"),
        "DATA": json.dumps(data, separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c"),
        "SCRIPT": script,
    }
    text = _part("page.html")
    for name, value in values.items():
        text = text.replace(f"@{name}@", value, 1)
    return text


def title(data: dict[str, Any]) -> str:
    """What the page is called: what is violated, where."""
    scene, violation = data["scene"], data["walk"]["violation"]
    where = " · ".join(filter(None, (scene["design"], scene["scenario"])))
    return f"{violation['property']} · {where}" if violation else where


def _part(name: str) -> str:
    return resources.files(__package__).joinpath("page", name).read_text(encoding="utf-8")
