"""A regression run as JUnit XML: a test case for each row."""

from __future__ import annotations

from .run import DIFFERS, FINDING, NEW, OK, Regression


def junit_text(found: Regression, strict: bool = False) -> str:
    """The XML: rows that differ are failures; strict: known findings, too."""
    from junitparser import Error, Failure, JUnitXml, TestCase, TestSuite

    suite = TestSuite("regress")
    for one in found.rows:
        case = TestCase(str(one.row), one.row.design, round(one.found.seconds, 3))
        if one.found.error:
            case.result = [Error(one.found.error)]
        elif one.status in (DIFFERS, NEW) or (one.status == FINDING and strict):
            case.result = [Failure("; ".join(one.told) or f"known finding: {one.row.finding}", one.status)]
            case.result[0].text = one.found.picture
        elif one.status != OK:
            case.system_out = f"violated (known finding: {one.row.finding})"
        suite.add_testcase(case)
    suite.time = round(found.seconds, 3)
    xml = JUnitXml()
    xml.add_testsuite(suite)
    return xml.tostring().decode()
