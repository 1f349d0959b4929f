"""The calibration's file: it comes back as it was, and knows the program, models and questions that it is of."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.imported_recordings import imported
from support.recordings import recorder, recording, team_of, unsure

from cope import Cascade, CopeError, load_preset
from cope.optimize.calibration import (
    CalibrationTarget,
    Certificate,
    calibrate,
    certify,
    load_certificate,
)
from cope.programs.identity import ProgramIdentity

ASKED = {"adapter": "lean", "max_tokens": 512, "context": 2048}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    team = team_of(unsure)
    record = recording(
        recorder(team, load_preset("cope").with_overrides(samples=3), "large"),
        tmp_path_factory.mktemp("record"),
        12,
    )
    record.manifest.settings.update(ASKED)
    return certify(calibrate(record, CalibrationTarget(harm=0.9, delta=0.5)))


def program(preset: str = "cope", **changes: object) -> ProgramIdentity:
    return ProgramIdentity.of_state(
        Cascade(load_preset(preset).with_overrides(**changes), team_of(unsure)).dump_state()
    )


def why_not(
    made: Certificate, program: ProgramIdentity, models: dict[str, str], asked: dict[str, object]
) -> str:
    """Why it does not fit; a failure where it does."""
    why = made.mismatch_reason(program, models, asked)
    assert why is not None
    return why


def models(made: Certificate) -> dict[str, str]:
    return dict(made.models)


@pytest.mark.slow
def test_the_file_holds_all_of_it(made: Certificate, tmp_path: Path):
    made.save(tmp_path / "deep" / "c.json")
    assert load_certificate(tmp_path / "deep" / "c.json") == Certificate(
        **json.loads(json.dumps(vars(made)))
    )
    assert made.setting is not None
    assert made.tested[-1]["passed"] or (
        not made.tested[-1]["passed"] and made.tested[-2]["passed"]
    )
    assert {"harm", "delta", "loss", "minimize", "seed", "group", "budget"} <= made.aim.keys()
    assert made.data["learn"]["questions"] + made.data["test"]["questions"] == 12
    assert sorted(map(len, made.rows.values())) == [6, 6]
    for name, text in (
        ("no.json", None),
        ("half.json", "{"),
        ("other.json", '{"format": "cope-calibration-1"}'),
    ):
        if text:
            (tmp_path / name).write_text(text)
        with pytest.raises(CopeError, match="calibrat"):
            load_certificate(tmp_path / name)


def test_thresholds_and_samples_are_no_part_of_the_program(made: Certificate):
    for changes in ({}, {"samples": 2}, {"samples": 8, "thresholds": (0.1, 0.2)}):
        assert made.mismatch_reason(program(**changes), models(made), ASKED) is None


def test_another_program_model_or_length_does_not_fit(made: Certificate):
    assert "for another program, 'cope'" in why_not(
        made, program("answer-cascade"), models(made), ASKED
    )
    changed = Cascade(load_preset("cope").with_overrides(samples=3), team_of(unsure))
    state = changed.dump_state()
    state["round_1.reasoner.predict"]["signature"]["instructions"] = "Be bold."
    assert "another program" in why_not(made, ProgramIdentity.of_state(state), models(made), ASKED)
    hotter = load_preset("cope").model_dump()
    hotter["rounds"][0]["temperature"] = 0.5
    assert "another program" in why_not(
        made,
        ProgramIdentity(type(load_preset("cope"))(**hotter), prompts=program().prompts),
        models(made),
        ASKED,
    )
    assert "--task short-answer" in why_not(
        made, ProgramIdentity(program().preset, "code"), models(made), ASKED
    )
    assert "--large" in why_not(made, program(), {**models(made), "large": "openai/other"}, ASKED)
    assert "--max-tokens 512, and not 100" in why_not(
        made, program(), models(made), {**ASKED, "max_tokens": 100}
    )


def test_other_tests_shown_do_not_fit_on_the_same_task(made: Certificate):
    one, every = ({**ASKED, "shown": f"{many} shown"} for many in ("1 of 3 tests", "all 3 tests"))
    visible = replace(made, asked={**made.asked, "shown": one["shown"]})

    def why(asked: dict[str, object], task: str | None = "jsonl") -> str | None:
        return visible.mismatch_reason(program(), models(made), asked, task=task)

    assert (
        "made with 1 of 3 tests shown, and here it is all 3 tests shown: give the record's --visible"
        in str(why(every))
    )
    assert why(one) is None
    assert why(ASKED) is None, "what is not known is not held against it"
    assert why(every, "humaneval") is None and why(every, None) is None, (
        "other questions are warned of"
    )


def test_other_weights_under_the_same_name_do_not_fit(made: Certificate):
    pinned = replace(made, weights={"small": "sha256:" + "a" * 64})

    def why(weights: dict[str, str | None] | None, **more: str) -> str | None:
        return pinned.mismatch_reason(program(), {**models(made), **more}, ASKED, weights=weights)

    said = why({"small": "sha256:" + "b" * 64, "large": "sha256:" + "c" * 64})
    assert (
        "its small model engine/ScriptedEngine-small had other weights (sha256:aaaaaaaaaaaa..., and not"
        in str(said)
    )
    for unknown in (
        None,
        {},
        {"small": None},
        {"large": "sha256:" + "c" * 64},
        {"small": "sha256:" + "a" * 64},
    ):
        assert why(unknown) is None, unknown


def test_a_changed_file_is_refused(made: Certificate, tmp_path: Path):
    file = tmp_path / "c.json"
    made.save(file)
    plain = json.loads(file.read_text())
    changes: list[dict[str, object]] = [
        {"setting": {"thresholds": [0.1, 0.1], "samples": 1}},
        {"promise": "All will be well."},
        {"more": {"x": 1}},
        {"extra": 1},
        {"digest": "0" * 16},
        {"digest": None},
    ]
    for change in changes:
        file.write_text(json.dumps(plain | change))
        with pytest.raises(
            CopeError, match=r"was changed after cope calibrate wrote it.*make it again"
        ):
            load_certificate(file)
    file.write_text(json.dumps(plain))  # other spaces change nothing
    assert load_certificate(file).description == made.description
    file.write_text(json.dumps(plain | {"format": "cope-calibration-1"}))
    with pytest.raises(CopeError, match="another version of the package"):
        load_certificate(file)


def test_other_right_answers_to_the_same_questions_are_other_data(made: Certificate):
    def said(question: str, answer: str | None) -> list[str]:
        return made.warnings("jsonl", [question, "What is 100 + 1?"], [answer, "101"])

    assert len(said("What is 3 + 1?", "4")) == len(said("what is  3 + 1?", " 4")) == 1
    assert len(said("What is 3 + 1?", None)) == 1, "what is not known is not held against it"
    _, other = said("What is 3 + 1?", "5")
    assert (
        "1 of 1 questions in common have another right answer than when the thresholds were chosen"
        in other
    )


def test_it_knows_the_questions_that_it_was_chosen_on(made: Certificate):
    assert made.warnings("jsonl", ["What is 100 + 1?"]) == []
    (met,) = made.warnings("jsonl", ["what is  3 + 1?", "What is 100 + 1?"])
    assert "chosen on 1 of these 2 questions" in met
    (task,) = made.warnings("gsm8k", ["What is 100 + 1?"])
    assert "is of jsonl and these questions are of gsm8k" in task


def test_an_imported_record_fits_no_program(tmp_path: Path):
    found = certify(calibrate(imported(tmp_path, 40), CalibrationTarget(harm=0.5)))
    assert "imported samples" in why_not(found, program("answer-cascade"), found.models, {})
    assert found.program["source"] == "imported"
