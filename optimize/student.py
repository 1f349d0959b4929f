"""A cascade in the hands of a DSPy optimizer."""

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self, get_args

import dspy

from ..eval.records import digest
from ..eval.run import FATAL, user_error
from ..programs import Cascade
from ..programs.cascade_round import CascadeRound
from ..programs.demos import trimmed
from ..programs.ensemble import Peers
from ..programs.neighbours import Neighbours
from ..programs.sampling import seed_of
from ..signatures import PlanKind
from .feedback import announces
from .reflected import reflected
from .session import Failed

if TYPE_CHECKING:
    from .session import Session

_PEER = "peer_"  # before the names of a peer's predictors in a state
_WARM = 0.7  # the temperature of a greedy round while an optimizer looks for other answers


class Student(Cascade):
    """A cascade of rounds, from cheap models to dear ones: each plans, solves and votes; unsettled questions go on.

    Args:
        cascade: the program to compile.
        session: what all copies share: kept rounds, budget, candidates.
        names: the predictors that the optimizer may change; the others are frozen.
        last: the last round that runs; None runs all. A surrogate ends where nothing later is compiled.
        failures: whether an optimizer that reflects sees every round, those that settled nothing too.
    """

    def __init__(
        self,
        cascade: Cascade,
        session: "Session",
        names: Iterable[str],
        last: int | None = None,
        failures: bool = False,
    ) -> None:
        super().__init__(
            cascade.preset, cascade.team, seed=cascade.seed, domain=cascade.domain, confidence=cascade.confidence
        )
        self.session, self.names, self.last, self.failures = session, frozenset(names), last, failures
        take(self, state_of(cascade))
        for name, predict in dspy.Module.named_parameters(self):
            # GEPA tells predictors apart by their signatures: no two are equal, whatever their words.
            first = next(iter(predict.signature.input_fields))
            predict.signature = predict.signature.with_updated_fields(first, place=name)

    def named_parameters(self) -> list[tuple[str, Any]]:
        """The predictors that an optimizer sees; DSPy reads all others from this too."""
        names = self.__dict__.get("names")
        return [pair for pair in super().named_parameters() if names is None or pair[0] in names]

    def rounds(self):
        return (round_ for round_ in super().rounds() if self.last is None or round_.number <= self.last)

    def get_lm(self) -> Any:
        """Optimizers make copies of this model for other rollouts; calls go to the tiers' models whatever it is."""
        return dspy.settings.lm

    def _rollout(self) -> int | None:
        """Which rollout an optimizer wants, said by the model that it put in place."""
        lm = next((p.lm for p in self.predictors() if p.lm), None) or dspy.settings.lm
        return (getattr(lm, "kwargs", None) or {}).get("rollout_id")

    async def aforward(self, question: str, **given: Any) -> dspy.Prediction:
        candidate = self.session.see(self)
        if candidate.refused:
            return dspy.Prediction(
                answer=None, rounds=[], round=0, usage=[], refused=candidate.refused, candidate=candidate.id
            )
        exploring = self._rollout() is not None
        try:
            with self.session.question():
                prediction = await super().aforward(question, **given)
        except (*FATAL, dspy.LMError) as error:
            if fatal := user_error(error) or (error if isinstance(error, FATAL) else None):
                self.session.end(Failed(fatal))
                self.session.check()
            raise
        prediction.candidate = None if exploring else candidate.id
        return prediction

    async def run_round(
        self, round_: CascadeRound, question: str, plans: dict[int, str], given: dict[str, Any]
    ) -> dspy.Prediction:
        rollout, seed = self._rollout(), self.seed
        if rollout is not None:
            round_, seed = _warmer(round_), seed_of(seed, rollout)
        seen = {number: plans.get(number) for number in round_.fields}
        about = (round_.spec.model_dump(mode="json"), self._models(round_), given)
        nearest = self.nearest(round_, question)
        key = digest(_round_state(round_, nearest), question, seen, seed, *about)
        result = await self.session.kept.run(
            key, round_, lambda: round_.acall(
                question=question, plans=plans, team=self.team, confidence=self.confidence, seed=seed, given=given,
                nearest=nearest,
            ),
        )  # fmt: skip
        result.asked = (question, seen)
        return result

    def _models(self, round_: CascadeRound) -> list[Any]:
        tiers = [self.team[name] for name in (round_.spec.planner, round_.spec.reasoner) if name]
        return [(tier.model, type(tier.adapter).__name__, tier.lm.kwargs.get("max_tokens")) for tier in tiers]

    def learned_from(self, results: list[dspy.Prediction]) -> list[Any]:
        if not self.failures:
            return [entry for entry in super().learned_from(results) if not _empty_plan(entry)]
        pairs = zip(self.rounds(), results, strict=False)
        return [entry for round_, result in pairs for entry in reflected(round_, result, *result.asked)]

    def with_state(self, state: dict[str, Any]) -> Self:
        """A copy with these prompts."""
        other = self.deepcopy()
        take(other, state)
        return other


def _empty_plan(entry: Any) -> bool:
    """Whether a traced call is a planner's that was cut off where the plan was about to begin: no example to follow."""
    _, _, outputs = entry
    return any(announces(str(outputs.get(kind) or "")) for kind in get_args(PlanKind))


def _warmer(round_: CascadeRound) -> CascadeRound:
    """The round with samples that differ from rollout to rollout; it shares its predictors with the round."""
    warm = copy.copy(round_)
    changes = {name: _WARM for name in ("temperature", "plan_temperature") if getattr(round_.spec, name) == 0}
    warm.spec = round_.spec.model_copy(update=changes)
    return warm


def _round_state(round_: CascadeRound, nearest: Mapping[str, Sequence[Any]]) -> list[Any]:
    """The prompts of a round as a question meets them."""
    modules = {"planner": round_.planner, "reasoner": round_.reasoner}
    return [_plain(module.predict, nearest.get(role, ())) for role, module in modules.items() if module]


def _plain(predict: Any, nearest: Sequence[Any] = ()) -> dict[str, Any]:
    return {"instructions": predict.signature.instructions, "demos": trimmed(predict, nearest)}


def state_of(program: Cascade) -> dict[str, dict[str, Any]]:
    """Instructions and demonstrations of all predictors, the frozen ones and those of peers too.

    A predictor of a peer has `peer_2.`, `peer_3.` and so on before its name: the program itself is the first.
    """
    state = {name: _plain(predict) for name, predict in dspy.Module.named_parameters(program)}
    for name, neighbours in program.neighbours.items():
        state[name]["neighbours"] = neighbours.as_dict()
    for number, peer in enumerate(program.peers, 2):
        state |= {f"{_PEER}{number}.{name}": plain for name, plain in state_of(peer).items()}
    return state


def with_prompts(program: Cascade, state: dict[str, dict[str, Any]]) -> Cascade:
    """A new program, like the given one but for its prompts."""
    made = Cascade(
        program.preset, program.team, seed=program.seed, full_samples=program.full_samples, domain=program.domain,
        confidence=program.confidence,
    )  # fmt: skip
    take(made, state)
    return made


def take(program: Cascade, state: dict[str, dict[str, Any]]) -> None:
    """Put instructions and demonstrations in place. Signatures are made anew: InferRules writes into the class it finds."""
    for name, predict in dspy.Module.named_parameters(program):
        predict.signature = predict.signature.with_instructions(state[name]["instructions"])
        predict.demos = [dspy.Example(**demo) for demo in state[name]["demos"]]
    own = {name: plain for name, plain in state.items() if not name.startswith(_PEER)}
    program.neighbours = {n: Neighbours.of(plain["neighbours"]) for n, plain in own.items() if "neighbours" in plain}
    others: dict[str, dict[str, Any]] = {}
    for name in state.keys() - own.keys():
        peer, _, rest = name.partition(".")
        others.setdefault(peer, {})[rest] = state[name]
    program.peers = Peers([_peer(program, others[f"{_PEER}{number}"]) for number in range(2, 2 + len(others))])


def _peer(program: Cascade, state: dict[str, dict[str, Any]]) -> Cascade:
    peer = program.peer()
    take(peer, state)
    return peer


def beside(state: dict[str, dict[str, Any]], others: Sequence[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """The state of an ensemble that a program leads, others being its peers."""
    peers = (
        {f"{_PEER}{number}.{name}": plain for name, plain in other.items()} for number, other in enumerate(others, 2)
    )
    return {**state, **{name: plain for peer in peers for name, plain in peer.items()}}


def is_ensemble(state: Mapping[str, Any]) -> bool:
    """Whether a state is that of a program with peers."""
    return any(name.startswith(_PEER) for name in state)
