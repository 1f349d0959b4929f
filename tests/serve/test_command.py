"""The options of `cope serve` that observe: logs, records, audits and traces."""

from pathlib import Path
from typing import Any

import pytest
from support.commands import cope, give_team, give_tracker
from support.sweeps import sweep

from cope import Team
from cope.eval.recording.traffic import read_traffic
from cope.models import ScriptedEngine


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Receive what `cope serve` would run."""
    engine = ScriptedEngine(lambda messages, request: "Answer: 42")
    give_team(monkeypatch, lambda options: Team(engine, engine, cache=False))
    runs: list[Any] = []
    monkeypatch.setattr("cope.serve.start.run_server", lambda *given: runs.append(given))
    monkeypatch.setattr("cope.serve.access.user_data_dir", lambda name: str(tmp_path))
    return runs


def test_a_record_begins_with_the_program(served: list[Any], tmp_path: Path) -> None:
    file = tmp_path / "traffic.jsonl"
    result = cope("serve", "--record", str(file), "--audit", "2%", "--log-prompts")
    assert result.exit_code == 0, result.output
    [(service, options, _, _, load, recorder)] = served
    assert recorder is not None and options.log_prompts and callable(load)
    manifest = read_traffic(file).manifest
    assert [entry["name"] for entry in manifest.programs] == [service.program.preset.name, "large"]
    assert manifest.settings["adapter"] == "lean"


def test_nothing_is_kept_by_default(served: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    tracker = give_tracker(monkeypatch)
    assert cope("serve").exit_code == 0
    assert served[0][-1] is None and not served[0][1].log_prompts and not tracker.runs
    assert cope("serve", "--traces", "memory://store").exit_code == 0
    assert [run.uri for run in tracker.runs.values()] == ["memory://store"]


@sweep(
    ("words", "said"),
    [
        (["--audit", "2%"], "--audit needs --record"),
        (["--record", "t.jsonl", "--audit", "200%"], "is not a share"),
        (["--record", "t.jsonl", "--audit", "two"], "is not a share"),
        (["--record", "t.jsonl", "--audit", "2%", "--task", "open"], "free text"),
    ],
    every=2,
)
def test_audits_that_cannot_be_made_are_refused(
    served: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = cope("serve", *words)
    assert result.exit_code != 0 and said in result.output and not served


def written(tmp_path: Path, text: str) -> str:
    file = tmp_path / "serve.toml"
    file.write_text(text)
    return str(file)


def test_options_come_from_a_file_and_the_command_line_wins(
    served: list[Any], tmp_path: Path
) -> None:
    file = written(
        tmp_path,
        """
        port = 9000
        host = "127.0.0.2"
        task = "open"
        queue = 3
        at-once = 2
        request-timeout = 1.5
        origin = ["https://a.example", "https://b.example"]
        log_prompts = true
        preset = "small"
        shortcut = "large"
        [price]
        small = "0.1/0.4"
        """,
    )
    result = cope("serve", "--config", file, "--port", "9001")
    assert result.exit_code == 0, result.output
    service, options = served[0][:2]
    assert (options.port, options.host, options.queue) == (9001, "127.0.0.2", 3)
    assert (options.at_once, options.request_timeout, options.max_body) == (2, 1.5, 1_000_000)
    assert options.origins == ("https://a.example", "https://b.example")
    assert options.log_prompts and options.domain == "open"
    assert service.program.preset.name == "small" and service.has_shortcut


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 1", "the option 'prot': did you mean port?"),
        ("config = 'x'", "the option 'config'"),
        ("p = 1", "the option 'p'"),
        ("port = 'http'", "'http' is not a valid integer"),
        ("port = [1]", "port is one value"),
        ("log-prompts = 'yes'", "log-prompts is true or false"),
        ("port = ", "cannot read the options"),
        ("shortcut = 'smal'", "did you mean small"),
    ],
)
def test_a_wrong_file_of_options_is_one_line(
    served: list[Any], tmp_path: Path, text: str, said: str
) -> None:
    result = cope("serve", "--config", written(tmp_path, text))
    assert result.exit_code != 0 and said in result.output and not served
    assert "Traceback" not in result.output


def test_presets_for_programs_are_not_served_for_texts(served: list[Any]) -> None:
    assert cope("serve").exit_code == 0
    names = served[0][0].model_names
    assert {"cope", "cope/small", "cope/large", "cope/self-consistency"} <= set(names)
    for preset in ("best-of-tests", "best-of-tests-large", "cope-tests", "cope-verified"):
        assert f"cope/{preset}" not in names
