"""A plugin for pytest: tests that check a design (USE.md).

    def test_my_change(check):
        check(design="my_change", bound=4).must_hold()
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .source.catalogue import Catalogue
    from .verdict.result import Result

MARK = "checks(**choice): what `check` is given unless a call says otherwise: design=, scenario=, bound=, time_limit=, ..."


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that go before what tests and marks say."""
    group = parser.getgroup("writeback-checker")
    group.addoption("--check-bound", type=_bound, metavar="N|any", help="the bound of every check")
    group.addoption("--check-time-limit", type=float, metavar="S", help="seconds for every check")


def _bound(text: str) -> int | str:
    return text if text == "any" else int(text)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARK)


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Callable[..., Result]:
    """`checker.check`, with the marks of the test, and above all with the options of the command line."""
    marked = {name: value for mark in reversed([*request.node.iter_markers("checks")]) for name, value in mark.kwargs.items()}
    options = {"bound": request.config.getoption("check_bound"), "time_limit": request.config.getoption("check_time_limit")}
    above = {name: value for name, value in options.items() if value is not None}

    def checked(**choice: Any) -> Result:
        from .base.errors import CheckerError
        from .verdict.api import check

        chosen = {**marked, **choice, **above}
        try:
            return check(**{"catalogue": _loaded(chosen.get("model")), **chosen})
        except CheckerError as error:  # which says all that there is to say
            pytest.fail(str(error), pytrace=False)

    return checked


@cache
def _loaded(model: Any) -> Catalogue:
    from .source.catalogue import load

    return load(model)
