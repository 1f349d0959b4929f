"""A program without its models: the prompts of a program file or a preset, by predictor."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import CopeError
from .cascade_round import CascadeRound
from .demonstrations import KNNDemos, knn_demos_in_state
from .domains.base import Domain
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .ensemble import members_from_state
from .planner import Planner
from .predictor_name import PredictorName, Role
from .preset import Preset, load_preset, parse_preset, preset_names
from .reasoner import Reasoner
from .saved_state import read_state
from .state_schema import check_state
from .systems.registry import SYSTEMS, only_cascades_error
from .task_signature import TaskSignature


@dataclass(frozen=True)
class PredictorView:
    """The prompt of one predictor.

    Attributes:
        name: as in the file, such as `round_1.planner.predict`.
        tier: the tier whose model it calls.
        role: whether it plans or solves.
        round: 1 for the first round.
        instructions: the whole text.
        demos: the demonstrations, with all their fields in the file.
        inputs: input fields, name to description, in order.
        outputs: output fields, name to description, in order.
        neighbours: demonstrations to select from, by similarity to the question.
        nearest: how many of those are selected.
    """

    name: str
    tier: str
    role: Role
    round: int
    instructions: str
    demos: tuple[dict[str, Any], ...]
    inputs: dict[str, str]
    outputs: dict[str, str]
    neighbours: tuple[dict[str, Any], ...] = ()
    nearest: int = 0

    def visible_fields(self, demo: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields of a demonstration that the model sees, inputs first."""
        return {name: demo[name] for name in (*self.inputs, *self.outputs) if name in demo}


@dataclass(frozen=True)
class ProgramView:
    """A program without its models.

    Attributes:
        preset: the rounds.
        domain: the kind of questions.
        predictors: round by round, the planner before the reasoner.
        compiled: the metadata of the compile; None for a program that was never compiled.
        peers: the predictors of an ensemble's other members; the names begin with `peer_2.`, and so
            on.
        metadata: the versions that DSPy saved the program with; None when the file holds none.
        answer_kind: the kind of answers that the file names; None for the domain's own.
        signature: a signature of the user's own, as `TaskSignature.as_dict` gives it.
    """

    preset: Preset
    domain: str
    predictors: tuple[PredictorView, ...]
    compiled: dict[str, Any] | None = None
    peers: tuple[tuple[PredictorView, ...], ...] = ()
    metadata: dict[str, Any] | None = field(default=None, compare=False)
    answer_kind: str | None = None
    signature: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        preset = self.preset.model_dump(mode="json")
        if self.preset.pregate is None:
            del preset["pregate"]
        predictors = _as_dicts(self.predictors)
        peers = [_as_dicts(peer) for peer in self.peers]
        document = {
            "preset": preset,
            "domain": self.domain,
            "predictors": predictors,
            "peers": peers,
            "compiled": self.compiled,
        }
        for name in ("metadata", "answer_kind", "signature"):
            if getattr(self, name) is not None:
                document[name] = getattr(self, name)
        return document


def _as_dicts(predictors: tuple[PredictorView, ...]) -> list[dict[str, Any]]:
    return [asdict(predictor) for predictor in predictors]


def is_preset(source: str | Path) -> bool:
    """Return whether a source is a preset's name or TOML file, rather than a program file."""
    return str(source) in preset_names() or str(source).endswith(".toml")


def load_program_view(source: str | Path, domain: str = DEFAULT_DOMAIN) -> ProgramView:
    """Load a program file, or a preset with the package's prompts. No model is loaded.

    Args:
        source: a program file, a preset's name, or a preset's TOML file.
        domain: the kind of questions of a preset; a program file names its own.

    Raises:
        CopeError: for a missing file or preset, or a file that is no program.

    >>> [predictor.name for predictor in load_program_view("plan-then-solve").predictors]
    ['round_1.planner.predict', 'round_1.reasoner.predict']
    """
    if is_preset(source):
        preset = load_preset(str(source))
        return ProgramView(preset, domain, tuple(_predictors(preset, domain_by_name(domain))))
    if str(source) in SYSTEMS:
        raise only_cascades_error(str(source))
    return view_from_state(_state(Path(source)), source)


def load_program_views(a: str, b: str) -> tuple[ProgramView, ProgramView]:
    """Load two programs; a preset is read for the other program's kind of questions.

    Raises:
        CopeError: see `load_program_view`.
    """
    first, second = load_program_view(a), load_program_view(b)
    if is_preset(a):
        first = load_program_view(a, second.domain)
    elif is_preset(b):
        second = load_program_view(b, first.domain)
    return first, second


def view_from_state(state: Mapping[str, Any], source: str | Path = "the program") -> ProgramView:
    """Return the view of a state, as `Cascade.dump_state` or a program file holds it.

    Args:
        state: plain data.
        source: its name in error messages.

    Raises:
        CopeError: when it is not the state of a program.
    """
    check_state(state, source)
    try:
        preset = parse_preset(state["preset"], str(source))
        domain = state.get("domain", DEFAULT_DOMAIN)
        kind, signature = domain_by_name(domain), state.get("signature")
        if signature is not None:
            kind = TaskSignature.from_dict(signature).domain(kind)
        predictors = _all_saved(preset, kind, state)
        peers = [_all_saved(preset, kind, peer) for peer in members_from_state(state)]
        compiled = state.get("compiled")
        metadata = state.get("metadata")
        if not isinstance(compiled, dict | None):
            raise TypeError("its 'compiled' is not an object")
        if not isinstance(metadata, dict | None):
            raise TypeError("its 'metadata' is not an object")
    except KeyError as error:
        raise CopeError(
            f"{source} is not a program saved by Cascade.save (it has no {error})"
        ) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise CopeError(f"{source} is not a program saved by Cascade.save ({error})") from None
    named = []
    for number, peer in enumerate(peers, 2):
        named.append(tuple(replace(view, name=f"peer_{number}.{view.name}") for view in peer))
    return ProgramView(
        preset,
        domain,
        predictors,
        compiled,
        tuple(named),
        metadata,
        state.get("answer_kind"),
        signature,
    )


def _state(path: Path) -> dict[str, Any]:
    if not path.exists():
        presets = ", ".join(preset_names())
        raise CopeError(
            f"there is no program file {path}, and no preset has that name: there are {presets}"
        )
    return read_state(path)


def _predictors(preset: Preset, kind: Domain) -> Iterator[PredictorView]:
    """Yield the predictors with the package's own prompts, from rounds that are built for it."""
    for number, spec in enumerate(preset.rounds, 1):
        round_ = CascadeRound(preset, number, kind)
        parts: tuple[tuple[Role, str | None, Planner | Reasoner | None], ...] = (
            ("planner", spec.planner, round_.planner),
            ("reasoner", spec.reasoner, round_.reasoner),
        )
        for role, tier, module in parts:
            if module is None or module.predict is None:
                continue
            signature: Any = module.predict.signature  # DSPy types it as an instance; it is a class
            yield PredictorView(
                name=str(PredictorName(number, role)),
                tier=tier or spec.reasoner,  # of a plan that is made without a model
                role=role,
                round=number,
                instructions=signature.instructions,
                demos=(),
                inputs=_field_descriptions(signature.input_fields),
                outputs=_field_descriptions(signature.output_fields),
            )


def _field_descriptions(fields: Mapping[str, Any]) -> dict[str, str]:
    descriptions = {}
    for name, info in fields.items():
        descriptions[name] = str((info.json_schema_extra or {}).get("desc") or "")
    return descriptions


def _all_saved(preset: Preset, kind: Domain, state: Mapping[str, Any]) -> tuple[PredictorView, ...]:
    knn_demos = knn_demos_in_state(state)
    views = []
    for view in _predictors(preset, kind):
        views.append(_with_saved_prompts(view, state[view.name], knn_demos.get(view.name)))
    return tuple(views)


def _with_saved_prompts(
    view: PredictorView, state: Mapping[str, Any], knn_demos: KNNDemos | None
) -> PredictorView:
    """Return a predictor with the prompt of a file."""
    signature, demos = state["signature"], state.get("demos", [])
    if not isinstance(signature["instructions"], str):
        raise TypeError(f"the instructions of {view.name} are not text")
    if not isinstance(demos, list) or not all(isinstance(demo, dict) for demo in demos):
        raise TypeError(f"the demonstrations of {view.name} are not a list of objects")
    # A file holds descriptions in the signature's order, without names, and may hold fewer.
    descriptions = [str(saved["description"]) for saved in signature["fields"]]
    inputs, outputs = dict(view.inputs), dict(view.outputs)
    for name, description in zip((*inputs, *outputs), descriptions, strict=False):
        fields = inputs if name in inputs else outputs
        fields[name] = description
    saved = replace(
        view,
        instructions=signature["instructions"],
        demos=tuple(demos),
        inputs=inputs,
        outputs=outputs,
    )
    if knn_demos is None:
        return saved
    return replace(saved, neighbours=tuple(map(dict, knn_demos.demos)), nearest=knn_demos.k)
