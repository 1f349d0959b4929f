"""A program as a reader sees it: what a file of `Cascade.save`, or an uncompiled preset, asks of which tier."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import CopeError
from .cascade_round import CascadeRound
from .demonstrations import KNNDemos, knn_demos_in_state
from .domains.registry import DEFAULT_DOMAIN, domain_by_name
from .ensemble import members_from_state
from .planner import Planner
from .predictor_name import PredictorName, Role
from .preset import Preset, load_preset, parse_preset, preset_names
from .reasoner import Reasoner


@dataclass(frozen=True)
class PredictorView:
    """What one predictor of a program asks a model.

    Attributes:
        name: as in the file, such as `round_1.planner.predict`.
        tier: the tier that it asks.
        role: whether it plans or solves.
        round: 1 for the first round.
        instructions: the whole text.
        demos: the demonstrations, each with all that the file keeps of it.
        inputs: the fields that a model is given, name to description, in order.
        outputs: the fields that a model writes, name to description, in order.
        neighbours: more demonstrations, of which each question is shown the nearest.
        nearest: how many of those it is shown.
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
        """The part of a demonstration that the model sees: the predictor's own fields, inputs first."""
        return {name: demo[name] for name in (*self.inputs, *self.outputs) if name in demo}


@dataclass(frozen=True)
class ProgramView:
    """A program without its models.

    Attributes:
        preset: the rounds.
        domain: the kind of questions.
        predictors: round by round, the planner before the reasoner.
        compiled: what the program was compiled on, as the file has it; None when it was not.
        peers: the predictors of the other programs of an ensemble, each named after its program, `peer_2.` first.
    """

    preset: Preset
    domain: str
    predictors: tuple[PredictorView, ...]
    compiled: dict[str, Any] | None = None
    peers: tuple[tuple[PredictorView, ...], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The view as plain data, for JSON."""
        predictors = [asdict(predictor) for predictor in self.predictors]
        preset = self.preset.model_dump(mode="json")
        peers = [[asdict(predictor) for predictor in peer] for peer in self.peers]
        return {
            "preset": preset,
            "domain": self.domain,
            "predictors": predictors,
            "peers": peers,
            "compiled": self.compiled,
        }


def is_preset(source: str | Path) -> bool:
    """Whether `view_program` reads a preset there: a name of the package's, or a TOML file."""
    return str(source) in preset_names() or str(source).endswith(".toml")


def load_program_view(source: str | Path, domain: str = DEFAULT_DOMAIN) -> ProgramView:
    """A program file, or a preset as it is before it is compiled. No model is loaded.

    Args:
        source: a file that `Cascade.save` or compile wrote, a preset's name, or a preset's TOML file.
        domain: the kind of questions a preset is shown for; a program file names its own.

    Raises:
        CopeError: when there is no such file or preset, or the file is no program; the line names it.

    >>> [predictor.name for predictor in load_program_view("plan-then-solve").predictors]
    ['round_1.planner.predict', 'round_1.reasoner.predict']
    """
    if is_preset(source):
        preset = load_preset(str(source))
        return ProgramView(preset, domain, tuple(_predictors(preset, domain)))
    return view_from_state(_state(Path(source)), source)


def view_from_state(state: Mapping[str, Any], source: str | Path = "the program") -> ProgramView:
    """What `Cascade.dump_state` gave, or a program file holds.

    Args:
        state: plain data.
        source: what messages call it.

    Raises:
        CopeError: when it is not that of a program.
    """
    try:
        preset, domain = (
            parse_preset(state["preset"], str(source)),
            state.get("domain", DEFAULT_DOMAIN),
        )
        predictors = _all_saved(preset, domain, state)
        peers = [_all_saved(preset, domain, peer) for peer in members_from_state(state)]
        compiled = state.get("compiled")
        if compiled is not None and not isinstance(compiled, dict):
            raise TypeError("its 'compiled' is not an object")
    except KeyError as error:
        raise CopeError(
            f"{source} is not a program saved by Cascade.save (it has no {error})"
        ) from None
    except (ValueError, TypeError, AttributeError) as error:
        raise CopeError(f"{source} is not a program saved by Cascade.save ({error})") from None
    named = (
        tuple(replace(view, name=f"peer_{number}.{view.name}") for view in peer)
        for number, peer in enumerate(peers, 2)
    )
    return ProgramView(preset, domain, predictors, compiled, tuple(named))


def _state(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CopeError(
            f"there is no program file {path}, and no preset has that name: there are {', '.join(preset_names())}"
        ) from None
    except OSError as error:
        raise CopeError(f"cannot read the program {path}: {error.strerror}") from None
    except ValueError as error:
        raise CopeError(
            f"{path} is not a program saved by Cascade.save (no JSON: {error})"
        ) from None
    if not isinstance(state, dict):
        raise CopeError(f"{path} is not a program saved by Cascade.save (no JSON object)")
    return state


def _predictors(preset: Preset, domain: str) -> Iterator[PredictorView]:
    """The predictors as the package has them: the rounds are built, so that fields and names are the cascade's own."""
    kind = domain_by_name(domain)
    for number, spec in enumerate(preset.rounds, 1):
        round_ = CascadeRound(preset, number, kind)
        parts: tuple[tuple[Role, str | None, Planner | Reasoner | None], ...] = (
            ("planner", spec.planner, round_.planner),
            ("reasoner", spec.reasoner, round_.reasoner),
        )
        for role, tier, module in parts:
            if module is None or tier is None:
                continue
            signature: Any = module.predict.signature  # DSPy types it as an instance; it is a class
            inputs, outputs = (
                {name: _described(field) for name, field in fields.items()}
                for fields in (signature.input_fields, signature.output_fields)
            )
            name = str(PredictorName(number, role))
            yield PredictorView(
                name, tier, role, number, signature.instructions, (), inputs, outputs
            )


def _described(field: Any) -> str:
    return str((field.json_schema_extra or {}).get("desc") or "")


def _all_saved(preset: Preset, domain: str, state: Mapping[str, Any]) -> tuple[PredictorView, ...]:
    kept = knn_demos_in_state(state)
    return tuple(
        _with_saved_prompts(view, state[view.name], kept.get(view.name))
        for view in _predictors(preset, domain)
    )


def _with_saved_prompts(
    view: PredictorView, state: Mapping[str, Any], chosen: KNNDemos | None
) -> PredictorView:
    """The predictor with what the file has in place of the package's words."""
    signature, demos = state["signature"], state.get("demos", [])
    if not isinstance(signature["instructions"], str):
        raise TypeError(f"the instructions of {view.name} are not text")
    if not isinstance(demos, list) or not all(isinstance(demo, dict) for demo in demos):
        raise TypeError(f"the demonstrations of {view.name} are not a list of objects")
    # A file keeps descriptions in the signature's order, without names; where it has none, the package's stand.
    names = (*view.inputs, *view.outputs)
    kept = {**view.inputs, **view.outputs}
    kept |= {
        name: str(field["description"])
        for name, field in zip(names, signature["fields"], strict=False)
    }
    inputs, outputs = (
        {name: kept[name] for name in fields} for fields in (view.inputs, view.outputs)
    )
    made = replace(
        view,
        instructions=signature["instructions"],
        demos=tuple(demos),
        inputs=inputs,
        outputs=outputs,
    )
    return (
        replace(made, neighbours=tuple(map(dict, chosen.demos)), nearest=chosen.k)
        if chosen
        else made
    )
