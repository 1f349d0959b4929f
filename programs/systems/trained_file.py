"""The file of a trained system: what it learned, from which data and models, as JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import CopeError
from ...util.digest_file import content_digest, has_format, read_format
from ...util.files import write_atomic
from ...util.hashing import digest
from ...util.validate import check_type
from .policy import Policy
from .trained_kind import trained_kind

_FAMILY = "cope-system-"
FORMAT = f"{_FAMILY}1"
_REMEDY = "make it again with cope train"


@dataclass(frozen=True)
class TrainedFile:
    """A trained system as plain data.

    Attributes:
        system: its name in `SYSTEMS`.
        task: the task's name.
        domain: the kind of questions.
        answer_kind: how answers were compared.
        tiers: the tiers, the cheapest first.
        models: the model of each tier.
        costs: the mean cost of a question by tier; that of the last tier is 1.
        samples: the number of answers that each tier is asked for.
        state: what was learned, from `Policy.state`.
        rows: fingerprints of the questions that it was trained on (`train`), that set its
            thresholds (`val`), and that measured it (`test`).
        data_fingerprint: digest of all questions and scores.
        settings: how requests were written, the seed, and what the training aimed at.
        weights: a digest of the model's weights by tier, without the tiers where it is unknown.
        scores: accuracy and cost on the questions `test`.
        version: the version of the package.
    """

    system: str
    task: str
    domain: str
    answer_kind: str
    tiers: list[str]
    models: dict[str, str]
    costs: dict[str, float]
    samples: dict[str, int]
    state: dict[str, Any]
    rows: dict[str, list[str]]
    data_fingerprint: str
    settings: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    version: str = __version__

    def policy(self) -> Policy:
        """Return the decisions that were learned.

        Raises:
            CopeError: when the state is damaged, or the system is not installed.
        """
        policy = trained_kind(self.system).policy
        costs = [self.costs[tier] for tier in self.tiers]
        try:
            return policy.from_state(self.state, self.tiers, costs)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise CopeError(
                f"what {self.system} learned is damaged ({type(error).__name__}: {error}): "
                f"{_REMEDY}"
            ) from None

    def identity(self) -> str:
        """Return a digest of all that decides the answers but the models."""
        return digest(
            self.system, self.tiers, self.costs, self.samples, self.state, self.answer_kind
        )

    def metadata(self) -> dict[str, Any]:
        """Return the task, the settings and the rows, as a compiled program describes them."""
        found = {"system": self.system, "task": self.task, "rows": self.rows}
        return found | self.settings

    def check_models(self, models: Mapping[str, str], name: str) -> None:
        """Raise an error for other models than those of the training.

        Args:
            models: the model of each tier of the team or record.
            name: the file's, for the message.

        Raises:
            CopeError: with the first tier that differs.
        """
        for tier in self.tiers:
            self.check_model(tier, models, name)

    def check_model(self, tier: str, models: Mapping[str, str], name: str) -> None:
        """Raise an error for another model of one tier than that of the training.

        Raises:
            CopeError: when it differs, or the tier is missing.
        """
        if models.get(tier) != self.models[tier]:
            raise CopeError(
                f"{name} was trained for {tier} = {self.models[tier]}, and here it is "
                f"{models.get(tier) or 'no tier'}: name that model, or {_REMEDY}"
            )

    def check_weights(self, weights: Callable[[str], str | None], name: str) -> None:
        """Raise an error for other weights than those of the training, where both are known.

        Args:
            weights: gives the digest of a tier's weights; called only where the file has one.
            name: the file's, for the message.

        Raises:
            CopeError: with the first tier that differs.
        """
        for tier, trained in self.weights.items():
            current = weights(tier)
            if current is not None and current != trained:
                raise CopeError(
                    f"{name} was trained with other weights of {self.models[tier]} ({tier}): use "
                    f"those, or {_REMEDY}"
                )

    def check_questions(self, domain: str, answer_kind: str, name: str) -> None:
        """Raise an error for other kinds of questions or answers than those of the training.

        Raises:
            CopeError: when one of the two differs.
        """
        for what, here in (("domain", domain), ("answer_kind", answer_kind)):
            trained = getattr(self, what)
            if trained != here:
                raise CopeError(
                    f"{name} was trained for questions of kind {trained!r}, and these are of kind "
                    f"{here!r}: {_REMEDY}"
                )

    def save(self, path: Path) -> None:
        """Write the file.

        Raises:
            CopeError: when it cannot be written.
        """
        plain = {"format": FORMAT, **asdict(self)}
        plain["digest"] = content_digest(plain)
        try:
            write_atomic(path, json.dumps(plain, ensure_ascii=False, indent=1) + "\n")
        except OSError as error:
            raise CopeError(f"cannot write {path}: {error.strerror or error}") from None


def load_trained(path: str | Path) -> TrainedFile:
    """Load a file that `cope train` wrote.

    Raises:
        CopeError: for any other file, and for a changed one.
    """
    try:
        plain = read_format(path, _FAMILY)
    except OSError as error:
        raise CopeError(f"cannot read the system {path}: {error.strerror}") from None
    if plain is None:
        raise CopeError(
            f"{path} is no trained system: make one with cope train SYSTEM TASK -o FILE"
        )
    if plain["format"] != FORMAT:
        raise CopeError(f"{path} was written by another version of the package: {_REMEDY}")
    saved = plain.pop("digest", None)
    if saved != content_digest(plain):
        raise CopeError(f"{path} was changed after cope train wrote it: {_REMEDY}")
    del plain["format"]
    try:
        check_type(TrainedFile, plain)
        named = {one.name for one in fields(TrainedFile)}
        trained = TrainedFile(**{name: plain[name] for name in named & plain.keys()})
        _check_tiers(trained)
    except ValueError as error:
        raise CopeError(f"{path} is no trained system ({error}): {_REMEDY}") from None
    return trained


def is_trained(path: str | Path) -> bool:
    """Return whether a file is a trained system, of any version of the package."""
    return has_format(path, _FAMILY)


def _check_tiers(trained: TrainedFile) -> None:
    """Raise a ValueError when a tier has no model, cost or number of samples."""
    if len(trained.tiers) < 2:
        raise ValueError("it has fewer than two tiers")
    for tier in trained.tiers:
        for what in ("models", "costs", "samples"):
            if tier not in getattr(trained, what):
                raise ValueError(f"{what} has no {tier}")
