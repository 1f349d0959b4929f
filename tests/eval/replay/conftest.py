"""One record for all tests of replays, which only read it."""

import pytest
from support.recordings import recorder, recording, team_of, unsure

from cope.eval import Recording


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """`cope`, and the large model alone, on 12 questions."""
    folder = tmp_path_factory.mktemp("record")
    return recording(recorder(team_of(unsure), "cope", "large"), folder, 12)
