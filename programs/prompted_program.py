"""The prompts of a program: what `save` writes, `load` reads, and optimizers reset."""

from abc import abstractmethod
from typing import Any, Self

from ..errors import CopeError
from ..util.hashing import digest
from .demonstrations import KNNDemos, knn_demos_in_state
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .module import ProgramModule
from .preset import Preset
from .saved_state import prompts_in_state
from .systems.stage import Stage
from .task_signature import TaskSignature


class PromptedProgram(ProgramModule):
    """A program of rounds whose prompts are saved together with the rounds.

    Attributes:
        preset: the rounds.
        domain: the kind of questions.
        named_kind: the kind of answers that the program was given; None without one.
        answer_kind: the kind by which its answers are compared.
        given_saved_kind: the kind that its state should name; None is `named_kind`.
        task_signature: the user's own signature, if any.
        knn_demos: by predictor, demonstrations to select from for each question; often empty.
    """

    preset: Preset
    domain: str
    named_kind: str | None
    given_saved_kind: str | None
    answer_kind: str
    task_signature: TaskSignature | None
    knn_demos: dict[str, KNNDemos]

    @property
    def name(self) -> str:
        """The preset's name."""
        return self.preset.name

    @property
    def tiers(self) -> tuple[str, ...]:
        """The tiers of the rounds, the last tier at the end."""
        return self.preset.tier_order

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The rounds, as tables print them."""
        return self.preset.stages

    def fingerprint(self) -> str:
        """Return a digest of rounds, instructions and demonstrations."""
        return digest(self.dump_state())

    @abstractmethod
    def get_params(self) -> dict[str, Any]:
        """Return the constructor's arguments: a program of them differs in its prompts only."""

    def with_answer_kind(self, name: str, saved: str | None = None) -> Self:
        """Return the program for another kind of answers, with the same prompts and settings.

        Args:
            name: the kind, a name in `ANSWER_KINDS`.
            saved: the kind that state and fingerprint name; None is `name`.
        """
        in_state = self._kind_in_state(self.named_kind, self.given_saved_kind)
        if name == self.answer_kind and self._kind_in_state(name, saved) == in_state:
            return self
        kinds = {"answer_kind": name, "saved_kind": saved}
        other = type(self)(**(self.get_params() | kinds))
        other._copy_prompts(self)
        return other

    def with_settings(self, preset: Preset, seed: int) -> Self:
        """Return the program with the same prompts, for other settings of its rounds.

        Args:
            preset: the same rounds with other numbers.
            seed: all randomness depends on it.
        """
        other = type(self)(**(self.get_params() | {"preset": preset, "seed": seed}))
        other._copy_prompts(self)
        return other

    def reset_copy(self) -> Self:
        """Return a copy without demonstrations in the predictors that an optimizer sees."""
        fresh: Self = super().reset_copy()
        fresh.knn_demos = dict(fresh.knn_demos)
        for name, _ in fresh.named_parameters():
            fresh.knn_demos.pop(name, None)
        return fresh

    def dump_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        state = self._prompt_state(*args, **kwargs)
        state["preset"] = self.preset.model_dump(mode="json", exclude_defaults=True)
        if self.domain != DEFAULT_DOMAIN:
            state["domain"] = self.domain
        if self.task_signature is not None:
            state["signature"] = self.task_signature.as_dict()
        kind = self._kind_in_state(self.named_kind, self.given_saved_kind)
        if kind is not None:
            state["answer_kind"] = kind
        return state

    def _kind_in_state(self, named: str | None, saved: str | None) -> str | None:
        """Return the kind that the state names; None for the usual one, which no file names.

        Mathematics is the usual kind of tasks with short answers, but not of a program without a
        task: there it is named too.
        """
        usual = domain_by_name(self.domain)
        if self.task_signature is not None:
            return saved or named or self.task_signature.answer_kind
        kind = saved or named or usual.answer_kind
        named_alone = bool(usual.unnamed_kind and named and not saved)
        return kind if named_alone or kind != usual.answer_kind else None

    def _prompt_state(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Return the prompts as plain data: predictors, and demonstrations to select from."""
        state = super().dump_state(*args, **kwargs)
        if self.knn_demos:
            state["neighbours"] = {name: near.as_dict() for name, near in self.knn_demos.items()}
        return state

    def _copy_prompts(self, source: Self) -> None:
        """Take over the prompts of a program with the same rounds, which stay its own."""
        predictors = dict(ProgramModule.named_parameters(source))
        for name, predict in ProgramModule.named_parameters(self):
            other = predictors[name]
            predict.signature, predict.lm = other.signature, other.lm
            predict.demos = list(other.demos)
        self.knn_demos = dict(source.knn_demos)

    def load_state(self, state: dict[str, Any], **kwargs: Any) -> None:
        prompts = prompts_in_state(state, self.preset, self.domain, self.task_signature)
        self._load_prompts(prompts, **kwargs)

    def _load_prompts(self, state: dict[str, Any], **kwargs: Any) -> None:
        """Load prompts that `_prompt_state` returned.

        Raises:
            CopeError: for the prompts of an ensemble.
        """
        if "peers" in state:
            raise CopeError("the program was saved as an ensemble: load it with Cascade.from_file")
        knn_demos = knn_demos_in_state(state)
        super().load_state(state, **kwargs)
        self.knn_demos = knn_demos
