"""Drafts of a faster model: how they are named, and what is known of them."""

import pickle

import pytest

from cope import CopeError, Team
from cope.models import Call
from cope.models.current_call import current_call, report_drafts
from cope.models.engines.draft import split_draft
from cope.models.engines.embedded import EmbeddedEngine
from cope.models.engines.token_stream import TokenStream
from cope.models.ledger_line import CallLine
from cope.util.validate import check_type


def large(team: Team) -> EmbeddedEngine:
    engine = team["large"].engine
    assert isinstance(engine, EmbeddedEngine)
    return engine


@pytest.mark.parametrize(
    ("named", "draft"),
    [
        ("small", "qwen2.5-coder-0.5b"),  # a tier of the team
        ("tiny", "tiny"),  # weights by their alias
        ("ngram", "ngram"),
        ("a folder/draft.gguf", "a folder/draft.gguf"),
    ],
)
def test_a_draft_is_named_behind_the_model_and_by_no_result(named: str, draft: str):
    team = Team(large=f"local/qwen2.5-coder-1.5b?draft={named}")
    assert large(team).draft == draft and large(team).weights == "qwen2.5-coder-1.5b"
    plain = Team(large="local/qwen2.5-coder-1.5b")
    for tier in ("small", "large"):
        assert team[tier].model == plain[tier].model and team[tier].lm.model == plain[tier].lm.model
    assert large(plain).draft is None and "draft" not in large(plain).dump_state()


def test_a_saved_engine_keeps_its_draft():
    engine = EmbeddedEngine("large", draft="small")
    assert EmbeddedEngine(**engine.dump_state()).draft == "small"
    assert pickle.loads(pickle.dumps(engine)).draft == "small"


@pytest.mark.parametrize("name", ["m?", "m?draft", "m?draft=", "m?top_k=3"])
def test_other_settings_are_refused(name: str):
    with pytest.raises(CopeError, match=r"write \?draft=NAME"):
        split_draft(name)


def test_a_tier_of_another_engine_drafts_for_none():
    with pytest.raises(CopeError, match="the tier small is not embedded"):
        Team(small="ollama/qwen2.5:0.5b", large="local/large?draft=small")


def test_a_call_has_its_drafts_and_a_ledger_too():
    stream = TokenStream()
    timings = {"cache_n": 1, "prompt_n": 2, "predicted_n": 9, "draft_n": 12, "draft_n_accepted": 7}
    stream.add({"timings": timings, "choices": []})
    assert (stream.tokens, stream.drafted, stream.accepted) == (9, 12, 7)
    call = Call()
    token = current_call.set(call)
    report_drafts(stream.drafted, stream.accepted)
    current_call.reset(token)
    line = call.as_dict()
    assert (line["drafted"], line["draft_accepted"]) == (12, 7)
    check_type(CallLine, line)
    assert Call.from_dict(line) == call
    assert "drafted" not in Call().as_dict()
