"""An ensemble: programs of the same rounds answer the same question, and their answers vote."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import dspy

from .confidence.base import Sample
from .confidence.early_stopping import NONE
from .events import observed_by
from .sampling import draw

if TYPE_CHECKING:
    from .cascade import Cascade


class Peers:
    """The programs whose answers vote with another's, the lead's; all have its rounds, team and confidence.

    The answers are compared as the domain compares the samples of a round: as mathematics, or by tests that pass. A tie
    goes to the earlier program, the lead before all. DSPy's Ensemble asks a random part of the programs and cannot be
    saved; here all of them may be asked, so a question costs up to as many times as much as there are programs.

    Optimizers do not see the peers: what is compiled is the lead.

    Args:
        programs: the others, the better ones first.
    """

    def __init__(self, programs: Sequence["Cascade"] = ()) -> None:
        self._programs = tuple(programs)

    def __len__(self) -> int:
        return len(self._programs)

    def __iter__(self) -> Iterator["Cascade"]:
        return iter(self._programs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # nothing changes them, and optimizers copy programs all the time

    async def vote(self, lead: "Cascade", question: str, given: dict[str, Any]) -> dict[str, Any]:
        """Ask the lead and the peers, as long as the vote between them is open, unless the lead wants it in full.

        Whatever rule stops the samples within a program, the vote between programs is left only where it is decided.

        As many as could settle it are asked together, the others one by one: what is asked does not hang on who is
        faster, so that a question costs the same every time.

        Returns:
            What the program tells whose answer is given, with `answer`, `confidence` and `votes` of the vote between
            programs, and `members`: answer, confidence and round of each that was asked, the lead first.
        """
        count = 1 + len(self)
        tally = lead.confidence.tally(range(count), {"question": question, **given}, lead.answers)
        outer = dspy.settings.trace
        learned: list[Any] | None = None if outer is None else []
        told: dict[int, dict[str, Any]] = {}

        async def ask(index: int) -> Sample:
            if index == 0:
                with dspy.context(trace=learned):
                    told[0] = await lead.alone(question, given)
            else:
                with dspy.context(trace=None), observed_by(None):
                    told[index] = dict(
                        (await self._programs[index - 1].acall(question=question, **given)).items()
                    )
            sample = Sample(index, answer=told[index]["answer"])
            await tally.examine(sample)
            return sample

        together = 1 if lead.confidence.single_sample_decides else count // 2 + 1
        for batch in (range(together), *([index] for index in range(together, count))):
            await draw(batch, ask, tally, threshold=None, hands_on=False, early_stop=NONE)
            if tally.settled(None, False) and lead.early_stop != NONE:
                break
        verdict = tally.verdict()
        if outer is not None and learned and (0 in verdict.supporters or not verdict.supporters):
            outer.extend(learned[: max(0, dspy.settings.max_trace_size - len(outer))])
        names = ("answer", "confidence", "round")
        members = [{name: told[index].get(name) for name in names} for index in sorted(told)]
        vote = {
            "answer": verdict.answer,
            "confidence": verdict.confidence,
            "votes": dict(verdict.votes),
        }
        return {**told[next(iter(verdict.supporters), 0)], **vote, "members": members}


def peers_in(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What a program's state keeps of its peers: their states, without the rounds that they share with it.

    Raises:
        ValueError: when it is no list of states.
    """
    peers = state.get("peers", [])
    if not isinstance(peers, list) or not all(isinstance(peer, dict) for peer in peers):
        raise ValueError("its peers are not a list of programs")
    return peers
