"""A result as JUnit XML, for programs that show tests."""

from __future__ import annotations

from ..verdict.result import HOLDS, VIOLATED, Result


def junit_text(result: Result) -> str:
    """The result as JUnit XML: a test case for each property."""
    from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

    suite = TestSuite(f"{result.design}.{result.scenario}")
    for one in result.properties:
        case = TestCase(one.name, f"{result.design}.{result.scenario}")
        if one.verdict == VIOLATED and result.violation is not None:
            case.result = [Failure(result.violation.message, one.kind)]
            case.result[0].text = result.picture()
        elif one.verdict != HOLDS:
            case.result = [Skipped(one.verdict)]
        suite.add_testcase(case)
    suite.time = round(result.seconds, 3)
    xml = JUnitXml()
    xml.add_testsuite(suite)
    return xml.tostring().decode()
