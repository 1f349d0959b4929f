"""What a JSON document holds of a prediction."""

import json
from pathlib import Path

import pytest
from support.ask_replies import QUESTION, split

from cope.models import ScriptedEngine, Team
from cope.programs import Cascade
from cope.programs.prediction_document import prediction_document


@pytest.mark.parametrize("file", [None, Path("p.json")])
def test_the_document_is_plain_data(file: Path | None):
    cascade = Cascade("cope", Team(ScriptedEngine(split), ScriptedEngine(split), cache=False))
    document = prediction_document(QUESTION, cascade, cascade(question=QUESTION), file)
    assert json.loads(json.dumps(document)) == document
    assert (document["question"], document["answer"], document["round"]) == (QUESTION, "42", 3)
    assert len(document["rounds"]) == 3 and document["replies"] is not None
    assert document["program_file"] == (None if file is None else "p.json")
    assert set(document["models"]) == {"small", "large"}
