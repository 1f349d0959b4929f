"""Programs as MLflow models: `mlflow.dspy.load_model` gives one back, `mlflow models serve` serves it."""

import json
import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import distributions, version
from typing import Any

_REQUIRED = ("cope-dspy", "dspy", "mlflow")
# They warn of files from strangers, and this one is the user's own.
_NOISY_LOGGERS = ("dspy.primitives.base_module", "dspy.dsp.utils.settings")


def log_program(
    program: Any,
    run_id: str,
    inputs: Mapping[str, str],
    example: Mapping[str, Any],
    prompts: Sequence[str] = (),
) -> str:
    """Log a DSPy program as the model `program` of a run.

    Args:
        program: a module that can be pickled.
        run_id: the run.
        inputs: its arguments: `string` or `strings`, with `?` behind it where one may be left out.
        example: the arguments of one call. The program is not asked it: models would answer outside of any budget.
        prompts: addresses of registered prompts that the program is made of.

    Returns:
        The model's address, `models:/ID`.

    Raises:
        RuntimeError: when the program cannot be pickled.
    """
    from mlflow.models import Model, ModelSignature
    from mlflow.types import ColSpec, Schema
    from mlflow.types.schema import Array, DataType

    kinds: dict[str, Any] = {"string": DataType.string, "strings": Array(DataType.string)}
    columns: list[Any] = [
        ColSpec(kinds[kind.rstrip("?")], name, not kind.endswith("?"))
        for name, kind in inputs.items()
    ]
    logged = Model.log(
        artifact_path=None,
        name="program",
        flavor=_FlavorWithoutExampleCall,
        flavor_name="dspy",
        run_id=run_id,
        model=program,
        use_dspy_model_save=True,
        signature=ModelSignature(Schema(columns)),
        input_example=dict(example),
        validate_serving_input=False,
        prompts=list(prompts),
        pip_requirements=[pip_requirement(package) for package in _REQUIRED],
    )
    return f"models:/{logged.model_id}"


def pip_requirement(package: str) -> str:
    """What pip needs to install a package again as it is here: its version, or the place that it was installed from.

    A checkout's version is on no index, so an environment that MLflow makes for a model would have no such package. Where a
    package came from is in its `direct_url.json` (PEP 610).

    >>> pip_requirement("dspy").startswith("dspy==")
    True
    """
    # In the folder of a checkout its build's metadata come first, and those have no origin.
    told = (found.read_text("direct_url.json") for found in distributions(name=package))
    origin = json.loads(next(filter(None, told), "{}"))
    url, source = origin.get("url"), origin.get("vcs_info")
    if url and source:
        url = f"{source['vcs']}+{url}@{source['commit_id']}"
    return f"{package} @ {url}" if url else f"{package}=={version(package)}"


class _FlavorWithoutExampleCall:
    """MLflow's DSPy flavor; by itself it would ask the program the example, and has no way to be told not to."""

    @staticmethod
    def save_model(*, validate_serving_input: bool, **kwargs: Any) -> None:
        import mlflow.dspy as mlflow_dspy

        levels = [(logger, logger.level) for logger in map(logging.getLogger, _NOISY_LOGGERS)]
        for logger, _ in levels:
            logger.setLevel(logging.ERROR)
        try:
            mlflow_dspy.save_model(**kwargs)
        finally:
            for logger, level in levels:
                logger.setLevel(level)
