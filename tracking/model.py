"""Programs as MLflow models: `mlflow.dspy.load_model` gives one back, `mlflow models serve` serves it."""

import logging
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

_REQUIRED = ("cope-dspy", "dspy", "mlflow")
# They warn of files from strangers, and this one is the user's own.
_LOUD = ("dspy.primitives.base_module", "dspy.dsp.utils.settings")


def log_program(
    program: Any, run_id: str, inputs: Mapping[str, str], example: Mapping[str, Any], prompts: Sequence[str] = ()
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
        ColSpec(kinds[kind.rstrip("?")], name, not kind.endswith("?")) for name, kind in inputs.items()
    ]
    logged = Model.log(
        artifact_path=None, name="program", flavor=_Unasked, flavor_name="dspy", run_id=run_id, model=program,
        use_dspy_model_save=True, signature=ModelSignature(Schema(columns)), input_example=dict(example),
        validate_serving_input=False, prompts=list(prompts),
        pip_requirements=[f"{package}=={version(package)}" for package in _REQUIRED],
    )  # fmt: skip
    return f"models:/{logged.model_id}"


class _Unasked:
    """MLflow's DSPy flavor; by itself it would ask the program the example, and has no way to be told not to."""

    @staticmethod
    def save_model(*, validate_serving_input: bool, **kwargs: Any) -> None:
        import mlflow.dspy as mlflow_dspy

        levels = [(logger, logger.level) for logger in map(logging.getLogger, _LOUD)]
        for logger, _ in levels:
            logger.setLevel(logging.ERROR)
        try:
            mlflow_dspy.save_model(**kwargs)
        finally:
            for logger, level in levels:
                logger.setLevel(level)
