"""An ensemble: programs with the same rounds answer a question, and their answers vote."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import dspy

from .cascade import Cascade
from .confidence.base import Sample
from .confidence.early_stopping import NONE
from .demonstrations import knn_demos_in_state
from .events import use_observer
from .optimizer_trace import extend_trace
from .sampling import draw_samples


class Members(Sequence[Cascade]):
    """Cascades that DSPy's optimizers do not find, because this is no list; copies share them."""

    def __init__(self, cascades: Sequence[Cascade] = ()) -> None:
        self._cascades = tuple(cascades)

    def __len__(self) -> int:
        return len(self._cascades)

    def __iter__(self) -> Iterator[Cascade]:
        return iter(self._cascades)

    def __getitem__(self, index: Any) -> Any:
        return self._cascades[index]

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self  # nothing changes them, and optimizers copy programs all the time


class Ensemble(Cascade):
    """Cascades whose answers vote. The ensemble's own rounds are those of its lead, the first one.

    Answers are compared as the samples of a round are: by the kind of answers, or by tests. A tie
    goes to the earlier cascade, the lead first. DSPy's Ensemble calls a random part of the programs
    and cannot be saved; this one may call all of them, so that a question costs up to as many times
    as much as there are cascades.

    Optimizers see the lead's predictors only. The arguments are those of a `Cascade`, the lead's:

    Args:
        others: the other cascades, the better ones first; all have the lead's rounds, team and
            confidence.

    Attributes:
        others: the same. Without others, the ensemble answers as its lead does.

    >>> ensemble = Ensemble("small", others=[Cascade("small"), Cascade("small")])
    >>> len(members_of(ensemble))
    3
    """

    def __init__(self, *args: Any, others: Sequence[Cascade] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.others = Members(others)

    @classmethod
    def from_cascades(cls, cascades: Sequence[Cascade]) -> Self:
        """Return the ensemble of cascades, the lead first. It shares the lead's predictors."""
        lead, *others = cascades
        ensemble = cls(**lead.get_params(), others=others)
        for round_ in lead.rounds():
            setattr(ensemble, f"round_{round_.number}", round_)
        ensemble.knn_demos = lead.knn_demos
        return ensemble

    def member(self) -> Self:
        """Return a copy with prompts of its own, which can be a member."""
        copy = self.deepcopy()
        copy.others = Members()
        return copy

    async def _answer(self, question: str, inputs: dict[str, Any]) -> dict[str, Any]:
        """Call the members until the vote between them is decided, or all with the rule `none`.

        The heuristic rules stop the samples of a cascade; the vote between members stops only when
        it is decided. As many members as can decide it run together, the others one by one, so that
        the members called, and a question's cost, do not depend on speed.

        Returns:
            The fields of the member whose answer wins, with `answer`, `confidence` and `votes` of
            the vote between members, and `members`: answer, confidence and round of each member
            that was called, the lead first.
        """
        answer_of_lead = super()._answer
        if not self.others:
            return await answer_of_lead(question, inputs)
        count = len(members_of(self))
        tally = self.confidence.tally(range(count), {"question": question, **inputs}, self.answers)
        trace = dspy.settings.trace
        lead_trace: list[Any] | None = None if trace is None else []
        fields: dict[int, dict[str, Any]] = {}

        async def ask(index: int) -> Sample:
            if index == 0:
                with dspy.context(trace=lead_trace):
                    fields[0] = await answer_of_lead(question, inputs)
            else:
                with dspy.context(trace=None), use_observer(None):
                    prediction = await self.others[index - 1].acall(question=question, **inputs)
                fields[index] = dict(prediction.items())
            sample = Sample(index, answer=fields[index]["answer"])
            await tally.evaluate(sample)
            return sample

        together = 1 if self.confidence.single_sample_decides else count // 2 + 1
        batches = [list(range(together))]
        for index in range(together, count):
            batches.append([index])
        for batch in batches:
            await draw_samples(
                batch, ask, tally, threshold=None, forwards_plan=False, early_stop=NONE
            )
            if tally.is_decided(None, False) and self.early_stop != NONE:
                break
        verdict = tally.verdict()
        if lead_trace and (0 in verdict.supporters or not verdict.supporters):
            extend_trace(lead_trace)
        winner = next(iter(verdict.supporters), 0)
        answer = dict(fields[winner])
        answer["answer"] = verdict.answer
        answer["confidence"] = verdict.confidence
        answer["votes"] = dict(verdict.votes)
        answer["members"] = [_summary(fields[index]) for index in sorted(fields)]
        return answer

    def _prompt_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        state = super()._prompt_state(*args, **kwargs)
        if self.others:
            state["peers"] = [Cascade._prompt_state(c, *args, **kwargs) for c in self.others]
        return state

    def _copy_prompts(self, source: Self) -> None:
        super()._copy_prompts(source)
        others = []
        for other in source.others:
            member = self.member()
            Cascade._copy_prompts(member, other)
            others.append(member)
        self.others = Members(others)

    def _load_prompts(self, state: dict[str, Any], **kwargs: Any) -> None:
        others = []
        for saved in members_from_state(state):
            other = self.member()
            knn_demos = knn_demos_in_state(saved)
            dspy.Module.load_state(other, saved, **kwargs)
            other.knn_demos = knn_demos
            others.append(other)
        lead = {name: saved for name, saved in state.items() if name != "peers"}
        super()._load_prompts(lead, **kwargs)
        self.others = Members(others)


def members_of(program: Cascade) -> list[Cascade]:
    """Return the cascades whose answers vote, the lead first; a plain cascade is its own member."""
    return [program, *program.others] if isinstance(program, Ensemble) else [program]


def members_from_state(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the states of an ensemble's other cascades, without the rounds, which the lead has.

    Raises:
        ValueError: when they are no list of objects.
    """
    others = state.get("peers", [])
    if not isinstance(others, list) or not all(isinstance(other, dict) for other in others):
        raise ValueError("its peers are not a list of programs")
    return others


def _summary(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: fields.get(name) for name in ("answer", "confidence", "round")}
