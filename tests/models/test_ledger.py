"""A run's record of calls: what it survives, and that a second run asks nothing."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cope import Cascade, Team
from cope.errors import CopeError
from cope.models import Call, Ledger, Price, ScriptedEngine, metered, use_ledger
from cope.models.ledger import call_key
from cope.signatures import GoalPlan, GuidelinePlan
from cope.util.files import JsonlWriter, read_jsonl

CALL = Call("small", "m").as_dict()


def entry(number: int) -> dict[str, object]:
    return {"key": f"k{number}", "call": CALL, "outputs": [f"é {number}\n"]}


def written(path: Path, count: int = 3) -> Path:
    ledger = Ledger(path)
    for number in range(count):
        ledger.put(f"k{number}", {"call": CALL, "outputs": [f"é {number}\n"]})
    ledger.close()
    return path


def test_what_is_put_is_there_at_once_and_later(tmp_path: Path):
    path = tmp_path / "deep" / "calls.jsonl"
    ledger = Ledger(path)
    assert ledger.get("k0") is None
    ledger.put("k0", {"call": CALL, "outputs": ["é 0\n"]})
    assert ledger.get("k0") == entry(0)
    assert list(read_jsonl(path)) == [entry(0)]
    assert Ledger(path).get("k0") == entry(0)


def test_a_call_that_was_stopped_early_is_counted_and_answers_nothing(tmp_path: Path):
    path = tmp_path / "calls.jsonl"
    ledger = Ledger(path)
    ledger.put("k0", {"call": CALL, "outputs": ["é 0\n"]})
    ledger.add_cancelled(CALL | {"cancelled": True})
    ledger.close()
    again = Ledger(path)
    assert again.earlier_calls == [CALL, CALL | {"cancelled": True}]
    assert again.get("k0") == entry(0) and again.get("") is None


def test_a_missing_file_is_an_empty_one(tmp_path: Path):
    assert list(read_jsonl(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize(
    "torn", [b"{", b'{"key": "k3", "call"', b'{"key": "k3"}', b"\xff\xfe", b"null"]
)
def test_a_last_line_torn_by_a_kill_is_cut_off(tmp_path: Path, torn: bytes):
    path = written(tmp_path / "calls.jsonl")
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    ledger = Ledger(path)
    assert path.read_bytes() == whole
    ledger.put("k3", {"call": CALL, "outputs": ["é 3\n"]})
    assert list(read_jsonl(path)) == [entry(n) for n in range(4)]


@pytest.mark.parametrize("cut", [1, 20, 40])
def test_any_cut_loses_one_line_at_most(tmp_path: Path, cut: int):
    path = written(tmp_path / "calls.jsonl")
    path.write_bytes(path.read_bytes()[:-cut])
    assert list(read_jsonl(path)) == [entry(0), entry(1)]


@pytest.mark.parametrize(
    "damage", [b"{not json\n", b"\x00\x00\n", b"\xff\n", b"[1, 2]\n", b"7\n", b"\n"]
)
def test_a_damaged_line_before_the_last_is_named(tmp_path: Path, damage: bytes):
    path = written(tmp_path / "calls.jsonl")
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + damage + lines[2])
    before = path.read_bytes()
    with pytest.raises(CopeError, match=r"calls\.jsonl line 2 is damaged: move the file away"):
        Ledger(path)
    assert path.read_bytes() == before


def test_a_file_of_something_else_is_refused(tmp_path: Path):
    path = tmp_path / "data.jsonl"
    path.write_text('{"question": "6 * 7?", "answer": "42"}\n')
    with pytest.raises(
        CopeError, match=r"data\.jsonl line 1 is not a record of calls \(key is missing\): take"
    ):
        Ledger(path)


def test_a_folder_in_its_place(tmp_path: Path):
    with pytest.raises(CopeError, match=r"cannot read .*: Is a directory; move it away"):
        Ledger(tmp_path)


def test_a_place_where_nothing_can_be_written(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(
        CopeError, match=r"cannot write to .*calls\.jsonl: .*; choose another folder"
    ):
        Ledger(tmp_path / "file" / "calls.jsonl")


def test_a_device_without_any_room(tmp_path: Path):
    class Full:
        def seek(self, *_: int) -> int:
            return 0

        def write(self, _: bytes) -> int:
            raise OSError(28, "No space left on device")

        def truncate(self, _: int) -> int:
            raise OSError(22, "Invalid argument")

    appender = JsonlWriter(tmp_path / "calls.jsonl")
    appender.close()
    appender._file = Full()  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(
        CopeError,
        match=r"calls\.jsonl: No space left on device; make room and run the same command",
    ):
        appender.append({"key": "k"})


@pytest.mark.slow
def test_a_disk_that_fills_in_the_middle_of_a_line(tmp_path: Path):
    """The line is taken back, the error is one line, and with room again the record goes on."""
    path = tmp_path / "calls.jsonl"
    code = f"""
import resource
from pathlib import Path
from cope.errors import CopeError
from cope.models import Call, Ledger
resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
ledger = Ledger(Path({str(path)!r}))
try:
    for number in range(100):
        ledger.put(f"k{{number}}", {{"call": Call("small", "m").as_dict(), "outputs": [f"é {{number}}\\n"]}})
except CopeError as error:
    print(number, ledger.get(f"k{{number}}"), error)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )
    number, kept, message = done.stdout.split(" ", 2)
    assert kept == "None"  # what is not on the disk is not in memory either
    assert "cannot write to" in message and "make room" in message and message.count("\n") == 1
    assert path.stat().st_size <= 500 and path.read_bytes().endswith(b"}\n")
    assert list(read_jsonl(path)) == [entry(n) for n in range(int(number))]
    Ledger(path).put("k", {"call": {}, "outputs": []})
    assert len(list(read_jsonl(path))) == int(number) + 1


def test_lines_of_many_threads_stay_whole(tmp_path: Path):
    ledger = Ledger(tmp_path / "calls.jsonl")
    long = "x" * 5000
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.put(f"k{n}", {"call": {}, "outputs": [long]}), range(200)))
    lines = list(read_jsonl(tmp_path / "calls.jsonl"))
    assert sorted(line["key"] for line in lines) == sorted(f"k{n}" for n in range(200))


def test_a_second_process_may_append(tmp_path: Path):
    path = written(tmp_path / "calls.jsonl", 1)
    ours, theirs = Ledger(path), Ledger(path)
    for number in range(1, 6):
        (ours, theirs)[number % 2].put(f"k{number}", {"call": CALL, "outputs": [f"é {number}\n"]})
    assert list(read_jsonl(path)) == [entry(n) for n in range(6)]


def test_the_key_depends_on_all_that_decides_and_nothing_else():
    messages = [{"role": "user", "content": "6 * 7?"}]
    settings = {"temperature": 0.8, "rollout_id": 1, "api_key": "a"}
    key = call_key("m", messages, settings)
    assert key == call_key(
        "m", messages, {"rollout_id": 1, "temperature": 0.8, "api_key": "renewed"}
    )
    others = [
        call_key("n", messages, settings),
        call_key("m", [{"role": "user", "content": "6 * 8?"}], settings),
        call_key("m", messages, settings | {"temperature": 0.7}),
        call_key("m", messages, settings | {"rollout_id": 2}),
        call_key("m", messages, {"temperature": 0.8, "rollout_id": 1, "max_tokens": 5}),
    ]
    assert len({key, *others}) == 6


def team(delay: float = 0.0) -> tuple[Team, ScriptedEngine, ScriptedEngine]:
    def small(messages, request):
        if messages[0]["content"].startswith(GoalPlan.instructions):
            return f"Find it ({request.config.seed})."
        return f"Step.\nAnswer: {(request.config.seed or 0) % 5}"

    def large(messages, request):
        planning = messages[0]["content"].startswith(GuidelinePlan.instructions)
        return "Think." if planning else "Step.\nAnswer: 7"

    engines = ScriptedEngine(small, delay), ScriptedEngine(large, delay)
    prices = {"small": Price(0.1, 0.2), "large": Price(1, 2)}
    return Team(*engines, cache=False, prices=prices), *engines


def comparable(prediction) -> list[dict[str, object]]:
    """The usage without times."""
    return [{k: v for k, v in line.items() if "seconds" not in k} for line in prediction.usage]


@pytest.mark.parametrize(
    "preset", ["cope", "answer-cascade", "self-consistency", "plan-then-solve"]
)
def test_a_second_run_asks_nothing_and_counts_the_same(tmp_path: Path, preset: str):
    first_team, *_ = team()
    with use_ledger(Ledger(tmp_path / "calls.jsonl")):
        first = Cascade(preset, first_team, early_stop="none")(question="6 * 7?")
    second_team, small, large = team()
    with use_ledger(Ledger(tmp_path / "calls.jsonl")), metered() as meter:
        second = Cascade(preset, second_team, early_stop="none")(question="6 * 7?")
    assert small.requests == [] and large.requests == []
    assert (second.answer, second.votes, second.plan) == (first.answer, first.votes, first.plan)
    assert comparable(second) == comparable(first)
    assert second.cost == pytest.approx(first.cost) and first.cost > 0
    assert sum(line["seconds"] for line in second.usage) == pytest.approx(
        sum(line["seconds"] for line in first.usage)
    )
    assert meter.calls and all(call.from_ledger for call in meter.calls)


def test_an_interrupted_question_resumes_where_it_stopped(tmp_path: Path):
    class Stop(Exception):
        pass

    path = tmp_path / "calls.jsonl"
    whole_team, whole_small, _ = team()
    whole = Cascade("cope", whole_team, early_stop="none")(question="6 * 7?")
    for allowed in (0, 3, 5, 9):
        part_team, part, _ = team()
        real, asked = part.script, 0

        def script(messages, request, real=real, allowed=allowed):
            nonlocal asked
            asked += 1
            if asked > allowed:
                raise Stop
            return real(messages, request)

        part.script = script
        with use_ledger(Ledger(path)), pytest.raises(Exception, match="engine/"):
            Cascade("cope", part_team, early_stop="none")(question="6 * 7?")
    done = len(list(read_jsonl(path)))
    last_team, last, last_large = team()
    with use_ledger(Ledger(path)):
        resumed = Cascade("cope", last_team, early_stop="none")(question="6 * 7?")
    assert (resumed.answer, resumed.votes, resumed.plan) == (whole.answer, whole.votes, whole.plan)
    total = len(list(read_jsonl(path)))
    assert len(last.requests) + len(last_large.requests) == total - done
    assert 0 < done < total and len(last.requests) < len(whole_small.requests)
    assert comparable(resumed) == comparable(whole)


def test_calls_are_booked_under_the_tier_that_asks_now(tmp_path: Path):
    def reply(messages, request):
        return "Answer: 1"

    class Named(ScriptedEngine):
        name = "scripted/same"  # pyright: ignore[reportAssignmentType]

    with use_ledger(Ledger(tmp_path / "calls.jsonl")):
        Cascade("small", Team(Named(reply), Named(reply), cache=False))(question="1?")
        large = Named(reply)
        prediction = Cascade("large", Team(Named(reply), large, cache=False))(question="1?")
    assert large.requests == []
    assert [line["tier"] for line in prediction.usage] == ["large"]


def test_without_a_ledger_nothing_is_written(tmp_path: Path):
    with use_ledger(None):
        Cascade("small", team()[0])(question="1?")
    assert os.listdir(tmp_path) == []


def test_log_probabilities_and_text_come_back_as_they_were(tmp_path: Path):
    lm = team()[0]["small"].lm
    with use_ledger(Ledger(tmp_path / "calls.jsonl")):
        first = lm("6 * 7?", temperature=1.0, rollout_id=1, seed=1)
    line = json.loads((tmp_path / "calls.jsonl").read_text())
    assert line["outputs"] == first
    assert Call.from_dict(line["call"]).completion_tokens == len(first[0].split())
