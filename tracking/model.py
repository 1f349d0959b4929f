"""Log programs as MLflow models, for `mlflow.dspy.load_model` and `mlflow models serve`."""

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import distributions, version
from typing import TYPE_CHECKING, Any

import mlflow.dspy as mlflow_dspy
from mlflow.models import Model, ModelSignature
from mlflow.types import ColSpec, Schema
from mlflow.types.schema import Array, DataType

from ..util.json_types import JsonObject

if TYPE_CHECKING:
    import dspy

_REQUIRED = ("cope-dspy", "dspy", "mlflow")
# They warn of untrusted files, and this file is the user's own.
_NOISY_LOGGERS = ("dspy.primitives.base_module", "dspy.dsp.utils.settings")


def log_program(
    program: "dspy.Module",
    run_id: str,
    inputs: Mapping[str, str],
    example: Mapping[str, Any],
    prompts: Sequence[str] = (),
) -> str:
    """Log a DSPy program as the model `program` of a run.

    Args:
        program: a module that can be pickled.
        run_id: the run.
        inputs: the type of each argument: `string` or `strings`, followed by `?` where it is
            optional.
        example: the arguments of one call. The program is not called with them, because its models
            would answer outside of any budget.
        prompts: addresses of the registered prompts of the program.

    Returns:
        The model's address, `models:/ID`.

    Raises:
        RuntimeError: when the program cannot be pickled.
    """
    signature = ModelSignature(Schema([_column(name, kind) for name, kind in inputs.items()]))
    logged = Model.log(
        artifact_path=None,
        name="program",
        flavor=_FlavorWithoutExampleCall,
        flavor_name="dspy",
        run_id=run_id,
        model=program,
        use_dspy_model_save=True,
        signature=signature,
        input_example=dict(example),
        validate_serving_input=False,
        prompts=list(prompts),
        pip_requirements=[pip_requirement(package) for package in _REQUIRED],
    )
    return f"models:/{logged.model_id}"


def _column(name: str, kind: str) -> ColSpec:
    types: dict[str, Any] = {"string": DataType.string, "strings": Array(DataType.string)}
    return ColSpec(types[kind.rstrip("?")], name, required=not kind.endswith("?"))


def pip_requirement(package: str) -> str:
    """Return the requirement with which pip installs the same package again.

    It is the version, or the origin of a package that did not come from an index. A checkout's
    version is on no index, so the environment that MLflow creates for a model would lack the
    package. A package's origin is in its `direct_url.json` (PEP 610).

    >>> pip_requirement("dspy").startswith("dspy==")
    True
    """
    origin = _origin(package)
    url, source = origin.get("url"), origin.get("vcs_info")
    if url and source:
        url = f"{source['vcs']}+{url}@{source['commit_id']}"
    return f"{package} @ {url}" if url else f"{package}=={version(package)}"


def _origin(package: str) -> JsonObject:
    # In the folder of a checkout the metadata of its build come first, and have no origin.
    for distribution in distributions(name=package):
        text = distribution.read_text("direct_url.json")
        if text:
            return json.loads(text)
    return {}


class _FlavorWithoutExampleCall:
    """MLflow's DSPy flavor, which does not call the program with the example.

    MLflow's own flavor has no option for that.
    """

    @staticmethod
    def save_model(*, validate_serving_input: bool, **kwargs: Any) -> None:
        with _errors_only(_NOISY_LOGGERS):
            mlflow_dspy.save_model(**kwargs)


@contextmanager
def _errors_only(names: Sequence[str]) -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in names}
    try:
        for name in names:
            logging.getLogger(name).setLevel(logging.ERROR)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
