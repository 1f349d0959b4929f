"""The record of a server: what it holds, what survives a kill, audits, and calibration on it."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import dspy
import httpx
import pytest
from support.give_up_worlds import preset as left_preset, table
from support.sweeps import sweep

from cope import Cascade, Team
from cope.errors import CopeError
from cope.eval import Recording
from cope.eval.recording.traffic import Traffic, read_traffic
from cope.models import Price, ScriptedEngine
from cope.optimize.calibration import CalibrationTarget, calibrate, certify
from cope.programs import load_preset
from cope.programs.json_form import JsonForm
from cope.serve import Access, RecordOptions, ServeOptions, Service, TrafficRecorder, make_app
from cope.serve.accounts import Accounts
from cope.serve.record import AUDITS, is_audited
from cope.serve.service import Finished, Question

Body = dict[str, Any]


def number(messages: Any) -> int:
    """Return the number in a question such as `Question 7.`."""
    return int(messages[-1]["content"].split("Question ")[1].split(".")[0])


def make_service(preset: str = "answer-cascade", price: float = 1.0) -> Service:
    """Return a cascade whose small model is wrong on every fifth question."""
    small = ScriptedEngine(lambda m, r: f"Answer: {number(m) + (number(m) % 5 == 0)}")
    large = ScriptedEngine(lambda m, r: f"Answer: {number(m)}")
    prices = {"small": Price(price, price), "large": Price(price, price)}
    team = Team(small, large, cache=False, prices=prices)
    small_preset = load_preset(preset).with_overrides(samples=3)
    return Service(Cascade(small_preset, team).with_answer_kind("number"))


def chat(question: int, **fields: Any) -> Body:
    message = {"role": "user", "content": f"Question {question}."}
    return {"model": "cope", "messages": [message], **fields}


def serve(
    file: Path, bodies: list[Body], audit: float = 0.0, budget: float | None = None, **service: Any
) -> Access:
    """Send all requests at once to a server that records them, and wait for the audits."""
    access = Access(Accounts(":memory:"), budget=budget)
    served = make_service(**service)

    async def run() -> None:
        options = RecordOptions(file, audit)
        recorder = TrafficRecorder(served, options, access, lambda line: None)
        app = make_app(served, ServeOptions(queue=999), access, lambda _: None, recorder)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://cope") as http:
            sent = [http.post("/v1/chat/completions", json=body) for body in bodies]
            statuses = [reply.status_code for reply in await asyncio.gather(*sent)]
        assert set(statuses) == {200}
        await recorder.audits_done()

    asyncio.run(run())
    return access


def test_every_answer_of_the_program_is_recorded_once(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    bodies = [chat(n) for n in range(12)] + [chat(50, n=3), chat(51, stream=True)]
    serve(file, bodies)
    traffic = read_traffic(file)
    asked = sorted(line["question"] for line in traffic.served)
    assert asked == sorted(f"Question {n}." for n in (*range(12), 50, 51))
    assert len({line["id"] for line in traffic.served}) == 14
    line = next(line for line in traffic.served if line["question"] == "Question 5.")
    assert (line["answer"], line["round"], line["confidence"]) == ("6", 1, 1.0)
    assert line["rounds"][0]["accepted"] and line["usd"] is not None
    assert file.stat().st_mode & 0o077 == 0
    assert not traffic.audits and traffic.skipped == 0


def test_audits_draw_all_samples_of_a_program_that_leaves_rounds(tmp_path: Path) -> None:
    team = make_service().program.team
    left = Cascade(left_preset(), team, give_up=table((1, 1, 1))).with_answer_kind("number")
    options = RecordOptions(tmp_path / "traffic.jsonl", 0.5)
    recorder = TrafficRecorder(
        Service(left), options, Access(Accounts(":memory:")), lambda line: None
    )
    assert isinstance(recorder, TrafficRecorder)


@pytest.mark.slow
def test_audits_compare_answers_with_the_last_tier(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    access = serve(file, [chat(n) for n in range(20)], audit=1.0)
    traffic = read_traffic(file)
    agreed = {line["question"]: traffic.audits[line["id"]]["agrees"] for line in traffic.served}
    assert agreed == {f"Question {n}.": n % 5 != 0 for n in range(20)}
    # Booked to their own account: all samples of all rounds, and the last tier alone.
    audited = sum(line["usd"] or 0.0 for line in traffic.audits.values())
    assert access.accounts.spent(AUDITS.name) == pytest.approx(audited)
    assert audited > sum(line["usd"] or 0.0 for line in traffic.served)


@pytest.mark.slow
def test_thresholds_are_calibrated_on_audited_requests(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    serve(file, [chat(n % 50) for n in range(60)], audit=1.0)
    recording = Recording.open(file)
    assert len(recording) == 60 and not recording.has_answer.any()
    target = CalibrationTarget(
        harm=0.3, loss="disagreement", minimize="large-calls", sequence="monotone"
    )
    calibration = calibrate(recording, target)
    assert calibration.setting is not None  # a fifth is lost where the small model answers
    with pytest.raises(CopeError, match="--loss disagreement"):
        calibrate(recording, CalibrationTarget(harm=0.3))
    assert certify(calibration).program["name"] == "answer-cascade"


def test_a_record_without_audits_says_what_to_do(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    serve(file, [chat(1)])
    with pytest.raises(CopeError, match="--audit 2%"):
        Recording.open(file)


@sweep("cut", [2, 30, 200], every=3)
def test_a_line_that_a_kill_tore_is_left_out(tmp_path: Path, cut: int) -> None:
    file = tmp_path / "traffic.jsonl"
    serve(file, [chat(n) for n in range(3)])
    whole = file.read_bytes()
    file.write_bytes(whole[:-cut])
    assert len(read_traffic(file).served) == 2
    serve(file, [chat(7)])  # the server starts again
    traffic = read_traffic(file)
    assert len(traffic.served) == 3 and traffic.served[-1]["question"] == "Question 7."
    assert traffic.skipped == 1


@sweep(
    "line",
    ["{}", "[]", "null", "\x00", '{"kind": "served"}', '{"kind": ["audit"]}', "NaN"],
    every=3,
)
def test_lines_of_others_are_left_out(tmp_path: Path, line: str) -> None:
    file = tmp_path / "traffic.jsonl"
    serve(file, [chat(1)])
    with file.open("a") as opened:
        opened.write(line + "\n")
    serve(file, [chat(2)])
    traffic = read_traffic(file)
    assert len(traffic.served) == 2 and traffic.skipped == 1


@pytest.mark.parametrize("text", ["", "hello", '{"kind": "program"}', '{"a": "cope-traffic-1"}'])
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "traffic.jsonl"
    file.write_text(text)
    with pytest.raises(CopeError, match="no record of a server"):
        read_traffic(file)
    with pytest.raises(CopeError, match="not a record|no record"):
        Recording.open(file)


def test_requests_of_another_program_are_counted_apart(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    serve(file, [chat(1), chat(2)])
    serve(file, [chat(3)], preset="self-consistency")
    traffic = read_traffic(file)
    assert [line["question"] for line in traffic.served] == ["Question 3."]
    assert traffic.other == 2


def test_audits_stay_within_the_budget_of_the_server(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    probe = serve(tmp_path / "probe.jsonl", [chat(1)], audit=1.0, price=1e4)
    one = probe.accounts.spent(AUDITS.name)
    access = serve(file, [chat(1)] * 2, audit=1.0, budget=one * 1.2, price=1e4)
    spent = access.accounts.spent(AUDITS.name)
    assert spent <= one * 1.5  # a second audit began with what was left, and did not end
    assert len(read_traffic(file).audits) <= 1


def test_the_audited_share_depends_on_the_id_only() -> None:
    names = [f"req_{n}" for n in range(5000)]
    audited = [name for name in names if is_audited(name, 0.02)]
    assert 60 <= len(audited) <= 140 and audited == [n for n in names if is_audited(n, 0.02)]
    assert all(is_audited(name, 0.05) for name in audited)  # a higher share audits these too
    assert all(is_audited(name, 1.0) for name in names)
    assert not any(is_audited(name, 0.0) for name in names)


@pytest.mark.parametrize(("preset", "said"), [("large", "leave it out")])
def test_an_audit_needs_something_to_compare(tmp_path: Path, preset: str, said: str) -> None:
    with pytest.raises(CopeError, match=said):
        serve(tmp_path / "traffic.jsonl", [chat(1)], audit=1.0, preset=preset)


def test_the_lines_are_json_objects(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    serve(file, [chat(1)], audit=1.0)
    kinds = [json.loads(line)["kind"] for line in file.read_text().splitlines()]
    assert kinds == ["program", "served", "audit"]
    assert isinstance(read_traffic(file), Traffic)


def test_answers_in_json_are_left_out(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    access = Access(Accounts(":memory:"))
    recorder = TrafficRecorder(make_service(), RecordOptions(file, 0.0), access, lambda line: None)
    prediction = dspy.Prediction(answer="{}", rounds=[], confidence=1.0, round=1, calls=[])
    recorder.observe(Question("Question 1.", json_form=JsonForm()), Finished(prediction))
    assert not read_traffic(file).served


@pytest.mark.slow
def test_two_servers_that_are_killed_lose_their_last_lines_at_most(tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    serve(file, [chat(1)], audit=1.0)
    # Each process writes the line of the audit, which is the longest, again and again.
    code = (
        "import json, sys\nfrom pathlib import Path\nfrom cope.util.files import JsonlWriter\n"
        f"file = Path({str(file)!r})\nwriter = JsonlWriter(file)\n"
        "line = json.loads(file.read_text().splitlines()[2])\n"
        "for number in range(10**9):\n"
        "    writer.append(line | {'id': f'{sys.argv[1]} {number}'})\n"
        "    print(number, flush=True)\n"
    )
    writers = []
    for name in ("one", "other"):
        command = [sys.executable, "-c", code, name]
        writers.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    written = 0
    for writer in writers:
        assert writer.stdout is not None
        written += sum(bool(writer.stdout.readline()) for _ in range(100))
    for writer in writers:
        writer.kill()
    for writer in writers:
        written += len(writer.communicate()[0].splitlines())
    traffic = read_traffic(file)
    assert written >= 200 and traffic.skipped <= 1
    assert written <= len(traffic.audits) - 1 <= written + 2
