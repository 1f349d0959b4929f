"""No wrong program passes, and no right program fails silently.

`programs.jsonl` and `more_programs.jsonl` hold programs with tests and the verdict that is wanted:
programs that lie about themselves, break out or use up the machine, and right programs that are
unusual. Those that may harm others run alone, under the marker `slow`.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from support.many_programs import Judged, judge_together, needs_own_process

from cope.sandbox import Limits, Sandbox, TestReport, TestSuite

DATA = Path(__file__).with_name("data")


def load() -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = []
    for file in ("programs.jsonl", "more_programs.jsonl"):
        lines = (DATA / file).read_text(encoding="utf-8").splitlines()
        cases += [json.loads(line) for line in lines]
    return cases


CASES = load()
TOGETHER = [case for case in CASES if not needs_own_process(case["program"], case["tests"])]
ALONE = [case for case in CASES if needs_own_process(case["program"], case["tests"])]


def named(cases: list[dict[str, Any]]) -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.fixture(scope="module")
def together(walled: Sandbox) -> dict[str, Judged]:
    suites = [(c["program"], c["tests"], c.get("setup", ""), None) for c in TOGETHER]
    judged = judge_together(walled, suites)
    return {case["name"]: found for case, found in zip(TOGETHER, judged, strict=True)}


@pytest.mark.parametrize("case", named(TOGETHER))
def test_a_program_gets_the_verdict_that_it_deserves(
    case: dict[str, Any], together: dict[str, Judged]
) -> None:
    judged = together[case["name"]]
    assert judged.verdict == case["want"], judged.outcomes
    said = " ".join(message for _, message in judged.outcomes)
    assert case.get("says", "") in said


@pytest.fixture(scope="module")
def alone(walled: Sandbox) -> dict[str, TestReport]:
    sandbox = Sandbox(walled.backend, Limits(cpu_seconds=2, seconds=8.0), max_workers=2)

    async def run_all() -> list[TestReport]:
        suites = [TestSuite(tuple(c["tests"]), c.get("setup", "")) for c in ALONE]
        programs = [case["program"] for case in ALONE]
        return await asyncio.gather(*map(sandbox.run, programs, suites))

    reports = asyncio.run(run_all())
    sandbox.close()
    return {case["name"]: report for case, report in zip(ALONE, reports, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("case", named(ALONE))
def test_a_program_that_runs_alone_gets_the_verdict_that_it_deserves(
    case: dict[str, Any], alone: dict[str, TestReport]
) -> None:
    report = alone[case["name"]]
    assert report.verdict == case["want"], report.message
    assert case.get("says", "") in report.message


def test_names_of_cases_are_distinct() -> None:
    names = [case["name"] for case in CASES]
    assert len(set(names)) == len(names)
