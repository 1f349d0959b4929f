"""T of `cisc`: selected on a record, named in a preset, and the same live and replayed."""

from pathlib import Path
from typing import Any

import pytest
from support.recordings import recorder, recording

from cope import CopeError, Preset, Team
from cope.eval import Recording, Replay
from cope.models import ScriptedEngine
from cope.optimize.fit_temperature import TEMPERATURES, fit_temperature
from cope.programs.confidence.registry import confidence_by_name
from cope.programs.sampling import derive_seed

ROUND = {"reasoner": "small", "samples": 4, "temperature": 0.8, "threshold": 0.5}
LARGE = {"reasoner": "large"}


def record(tmp_path: Path, sure: float, unsure: float, questions: int = 12) -> Recording:
    """A record in which a sample is right in about a third of the draws.

    `sure` is the log-probability of right samples, `unsure` that of wrong ones.
    """

    def reply(messages: Any, request: Any) -> str:
        text = messages[-1]["content"]
        number = int(text.partition("What is ")[2].partition(" ")[0])
        wrong = derive_seed(text, request.config.seed) % 3 > 0
        return f"Guess.\nAnswer: {number + 7}" if wrong else f"So.\nAnswer: {number + 1}"

    def logprobs(text: str) -> list[float]:
        return [unsure if text.startswith("Guess") else sure] * 3

    def large(messages: Any, request: Any) -> str:
        return "So.\nAnswer: 1"

    team = Team(ScriptedEngine(reply, logprobs=logprobs), ScriptedEngine(large), cache=False)
    rounds = [ROUND | {"confidence": "cisc"}, LARGE]
    return recording(
        recorder(team, Preset.model_validate({"name": "p", "rounds": rounds})), tmp_path, questions
    )


def test_the_best_t_of_sure_and_right_samples_is_small_and_of_sure_and_wrong_ones_is_large(
    tmp_path: Path,
) -> None:
    helps = fit_temperature(Replay(record(tmp_path / "a", -0.1, -2.0)))
    harms = fit_temperature(Replay(record(tmp_path / "b", -2.0, -0.1)))
    assert helps is not None and harms is not None
    assert helps.temperature < harms.temperature
    for fit in (helps, harms):
        assert fit.temperature in TEMPERATURES and fit.rounds == 12
        assert 0 <= fit.accuracy <= 1 and f"cisc:{fit.temperature:g}" in fit.line()


def test_a_record_without_log_probabilities_has_no_t(tmp_path: Path) -> None:
    def reply(messages: Any, request: Any) -> str:
        return "So.\nAnswer: 1"

    team = Team(ScriptedEngine(reply), ScriptedEngine(reply), cache=False)
    preset = Preset.model_validate({"name": "p", "rounds": [ROUND, LARGE]})
    assert fit_temperature(Replay(recording(recorder(team, preset), tmp_path, 3))) is None


def test_the_t_of_a_name_decides_a_replay(tmp_path: Path) -> None:
    made = record(tmp_path, -0.1, -2.0)
    found = {}
    for name in ("cisc", "cisc:0.1", "cisc:50"):
        rounds = [ROUND | {"confidence": name}, LARGE]
        replay = Replay(made, Preset.model_validate({"name": "p", "rounds": rounds}))
        assert replay.rounds[0].verdict is not None
        found[name] = replay.rounds[0].verdict.confidence.tolist()
    assert found["cisc"] == found["cisc:0.1"] != found["cisc:50"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        *[(f"cisc:{wrong}", "T of cisc is a number above 0") for wrong in ("", "0", "-1", "nan")],
        *[(f"cisc:{wrong}", "T of cisc is a number above 0") for wrong in ("inf", "x", "0.1:2")],
        ("votes:2", "votes takes no argument"),
        ("votes:", "votes takes no argument"),
        ("cics:2", "no confidence is named 'cics:2'"),
        (":", "no confidence is named ':'"),
    ],
)
def test_a_wrong_argument_is_refused_in_a_line(name: str, said: str) -> None:
    with pytest.raises(CopeError, match=said):
        confidence_by_name(name)
    with pytest.raises(CopeError, match=said):
        Preset.model_validate({"name": "p", "rounds": [ROUND | {"confidence": name}, LARGE]})
