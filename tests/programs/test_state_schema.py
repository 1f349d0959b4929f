"""Program files hold prompts and nothing else: every other key is refused by name."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, strategies as st

from cope import Cascade, CopeError, Team
from cope.cli.main import app
from cope.models import ScriptedEngine
from cope.programs.preset import parse_preset
from cope.programs.program_view import load_program_view
from cope.programs.state_schema import check_state

NAME = "round_1.reasoner.predict"


def team() -> Team:
    return Team(ScriptedEngine(lambda *_: ""), ScriptedEngine(lambda *_: ""))


def state() -> dict[str, Any]:
    return json.loads(json.dumps(Cascade("small", team()).dump_state()))


def write(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("config", {"api_base": "http://elsewhere/v1"}),
        ("config", {"model": "openai/other"}),
        ("config", {"n": 50}),
        ("lm", {"model": "openai/other"}),
        ("fields", {"answer": {}}),
        ("traces", [[1, 2, 3]]),
        ("train", [{"question": "a"}]),
        ("forward", "x"),
        ("callbacks", []),
    ],
)
def test_a_predictors_other_keys_are_refused(key: str, value: Any, tmp_path: Path):
    document = state()
    document[NAME][key] = value
    file = write(tmp_path / "p.json", document)
    with pytest.raises(CopeError, match=rf"p\.json.*{NAME}\.{key}"):
        Cascade.from_file(file, team())
    with pytest.raises(CopeError, match=rf"{NAME}\.{key}"):
        load_program_view(file)
    with pytest.raises(CopeError, match=rf"{NAME}\.{key}"):
        Cascade("small", team()).load_state(document)
    result = CliRunner().invoke(app, ["show", str(file)])
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1


known = {"preset", "domain", "answer_kind", "neighbours", "peers", "compiled", "metadata"}
predictor_keys = {"signature", "demos", "traces", "train", "lm"}
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@pytest.mark.slow
@given(st.text(max_size=12), json_values, st.sampled_from(["program", "predictor", "signature"]))
def test_any_unknown_key_is_refused(key: str, value: Any, where: str):
    document = state()
    targets: dict[str, tuple[dict[str, Any], set[str]]] = {
        "program": (document, known | {NAME}),
        "predictor": (document[NAME], predictor_keys),
        "signature": (document[NAME]["signature"], {"instructions", "fields"}),
    }
    target, allowed = targets[where]
    if key in allowed:
        return
    target[key] = value
    with pytest.raises(CopeError):
        check_state(document)


def test_unknown_keys_of_neighbours_and_members_are_refused():
    document = state()
    document["neighbours"] = {NAME: {"k": 1, "demos": [], "config": {}}}
    with pytest.raises(CopeError, match=rf"neighbours\.{NAME}\.config"):
        check_state(document)
    document = state()
    peer = {NAME: document[NAME] | {"config": {"n": 2}}}
    document["peers"] = [peer]
    with pytest.raises(CopeError, match=rf"peer_2\.{NAME}\.config"):
        check_state(document)


def test_what_save_writes_is_accepted_and_shown(tmp_path: Path):
    file = tmp_path / "p.json"
    Cascade("small", team()).save(file)
    assert Cascade.from_file(file, team()).dump_state() == Cascade("small", team()).dump_state()
    shown = CliRunner().invoke(app, ["show", str(file)]).stdout
    assert "saved with {" in shown and '"dspy"' in shown
    assert "field answer: the final result alone" in shown


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "\x00",
        '"text"',
        "[]",
        "null",
        '{"preset": 1}',
        '{"preset": {"name": "x", "rounds": []}}',
        f'{{"preset": {{"name": "small", "rounds": [{{"reasoner": "small"}}]}}, "{NAME}": 5}}',
    ],
)
def test_a_file_that_is_no_program_is_one_clear_line(text: str, tmp_path: Path):
    file = tmp_path / "p.json"
    file.write_text(text)
    for command in (["show", str(file)], ["diff", "small", str(file)]):
        result = CliRunner().invoke(app, command)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr.startswith("error: ") and result.stderr.count("\n") == 1
    with pytest.raises(CopeError):
        Cascade.from_file(file, team())


@pytest.mark.parametrize(
    "name",
    ["x/../../tmp/y", "/tmp/y", "..", ".hidden", "a\\b", "a\x00b", "a\nb", "", " ", "n" * 101],
)
def test_a_presets_name_never_becomes_a_path(name: str):
    with pytest.raises(CopeError, match="name: .*plain name"):
        parse_preset({"name": name, "rounds": [{"reasoner": "small"}]}, "mine.toml")


def test_deeply_nested_toml_is_one_clear_line(tmp_path: Path):
    file = tmp_path / "p.toml"
    file.write_text("rounds = " + "[" * 50_000)
    with pytest.raises(CopeError, match="not valid TOML"):
        load_program_view(file)


def test_lone_surrogates_in_a_file_are_replaced(tmp_path: Path):
    document = state()
    document[NAME]["signature"]["instructions"] = "Solve \ud800 it."
    file = write(tmp_path / "p.json", document)
    assert load_program_view(file).predictors[0].instructions == "Solve \ufffd it."
