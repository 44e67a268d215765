"""A server for one person, on this machine only: the page, and what a step leads to.

A schedule is all that a request says, and nothing is kept but what was compiled: any address can be loaded again, or sent on.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.sansio.utils import host_is_trusted
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from ..base.errors import CheckerError, UsageError
from ..ir.program import ANY
from ..trace.file import read as stored
from ..trace.trace import Trace
from . import schedule
from .beside import beside
from .page import page
from .scene import Scene
from .session import Session, walked, whole
from .walk import following, walk

HOST = "127.0.0.1"
NAMES = ["127.0.0.1", "localhost"]  # whoever asks for another host has been sent here by somebody else
SEARCH_SECONDS = 120


class Explorer:
    """The application: a function for each address, which takes the request's arguments and gives JSON."""

    def __init__(self, session: Session, trace: Trace, against: str | None = None) -> None:
        self.session, self.trace, self.against = session, trace, against
        self.lock = threading.Lock()  # compiling is for one at a time
        self.search: subprocess.Popen | None = None
        answers = {"walk": self.walk, "next": self.next, "scene": self.scene, "beside": self.beside, "violation": self.violation}
        self.map = Map([Rule("/", endpoint=self.page)] + [Rule(f"/{name}", endpoint=answer) for name, answer in answers.items()])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        return self._response(Request(environ))(environ, start_response)

    def _response(self, request: Request) -> Response:
        if not host_is_trusted(request.host, NAMES):
            return Response("this is for localhost only\n", 403)
        try:
            answer, _ = self.map.bind_to_environ(request.environ).match(method=request.method)
            return answer(request)
        except HTTPException as error:
            return error.get_response(request.environ)
        except CheckerError as error:
            return _json({"error": str(error)}, 400)

    # ---- answers

    def page(self, request: Request) -> Response:
        return Response(page(whole(self.session, self.trace, True, self.against)), mimetype="text/html")

    def scene(self, request: Request) -> Response:
        """A scene, of another design perhaps; of the schedule the page asks for itself."""
        scene = self._scene(request)
        data = {"scene": scene.as_json(), "designs": self.session.designs(scene), "starts": len(scene.judge.initial_states())}
        return _json(data)

    def walk(self, request: Request) -> Response:
        scene, followed = self._walked(request)
        more = {"stopped": followed.why} if followed.stopped is not None else {}
        return _json({"walk": walk(scene, followed.trace), "next": following(scene, followed.trace)} | more)

    def next(self, request: Request) -> Response:
        scene, followed = self._walked(request)
        return _json(following(scene, followed.trace))

    def beside(self, request: Request) -> Response:
        scene, followed = self._walked(request)
        with self.lock:
            other = self.session.other(scene, request.args.get("with", ""))
        return _json(beside(followed.trace, other, everything=True))

    def violation(self, request: Request) -> Response:
        """The schedule of a shortest counterexample, which a search of its own finds; "" and what it said if there is none."""
        scene = self._scene(request)
        facts = scene.task.facts
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "found.txt"
            words = ["check", "--quiet", "--time-limit", str(SEARCH_SECONDS), "--save", str(file)]
            words += ["--model", facts.model] if facts.model else []
            words += ["--design", facts.design] if facts.design else []
            words += ["--scenario", facts.scenario] + ([] if facts.bound is None else ["--bound", str(facts.bound)])
            words += [word for name, value in facts.settings.items() for word in ("--set", f"{name}={value}")]
            said = self._searched(words)
            if not file.exists():
                return _json({"schedule": None, "said": said})
            found = stored(file)
            turns = found.follow(scene.task.program).trace.turns()
        return _json({"schedule": schedule.written(turns, scene.judge.actors), "start": found.start, "said": said})

    def _searched(self, words: list[str]) -> str:
        """What `check` says; a search that is under way is ended first."""
        self.stop()
        self.search = subprocess.Popen([sys.executable, "-m", "checker", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return " ".join(self.search.communicate()[0].split())

    def stop(self) -> None:
        """End the search that is under way, if there is one."""
        if self.search is not None and self.search.poll() is None:
            self.search.kill()

    # ---- what is asked for

    def _scene(self, request: Request) -> Scene:
        with self.lock:
            return self.session.scene(request.args.get("design", ""), request.args.get("scenario", ""), _bound(request.args.get("bound")))

    def _walked(self, request: Request) -> Any:
        scene = self._scene(request)
        turns = schedule.read(request.args.get("steps", ""), scene.judge.actors)
        return scene, walked(scene, turns, _number("start", request.args.get("start", "0")))


def _bound(text: str | None) -> int | str | None:
    return text if text in (None, ANY) else _number("bound", str(text)) if text else None


def _number(name: str, text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"{name}={text} is no number")
    return int(text)


def _json(value: Any, status: int = 200) -> Response:
    return Response(json.dumps(value, separators=(",", ":")), status, mimetype="application/json", headers={"Cache-Control": "no-store"})


class _Quiet(WSGIRequestHandler):
    """Requests are not worth a line each."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


def server(application: Explorer, port: int = 0) -> BaseWSGIServer:
    """The server, which has its port already; port 0: any that is free.  UsageError if the port is taken."""
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror}; --port 0 takes one that is free") from None
    listening.listen()
    return make_server(HOST, listening.getsockname()[1], application, threaded=True, request_handler=_Quiet, fd=listening.detach())
