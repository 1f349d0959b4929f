"""Write models that answer the rows of a table, for `mlflow models serve` and `mlflow.pyfunc`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import mlflow.pyfunc as mlflow_pyfunc
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from mlflow.types.schema import Array, DataType

_TYPES: dict[str, Any] = {
    "string": DataType.string,
    "strings": Array(DataType.string),
    "double": DataType.double,
    "long": DataType.long,
}


def save_rows_model(
    folder: Path,
    code: Path,
    *,
    files: Mapping[str, str],
    config: Mapping[str, Any],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    requirements: Sequence[str],
    code_paths: Sequence[str],
) -> None:
    """Write a model as a folder. MLflow's DSPy flavor answers a single row only, so it is a pyfunc.

    Args:
        folder: where it goes.
        code: the script that defines the model, see `mlflow.models.set_model`.
        files: files that belong to the model, by name.
        config: settings that the script reads.
        inputs: the type of each column that the model reads: `string` or `strings`, followed by
            `?` where it is optional.
        outputs: the type of each column that it returns; all may be empty.
        requirements: what pip installs for it.
        code_paths: folders with code that it imports.
    """
    signature = ModelSignature(
        Schema([_column(name, kind) for name, kind in inputs.items()]),
        Schema([_column(name, f"{kind}?") for name, kind in outputs.items()]),
    )
    mlflow_pyfunc.save_model(
        path=str(folder),
        python_model=str(code),
        artifacts=dict(files) or None,
        model_config=dict(config),
        signature=signature,
        pip_requirements=list(requirements),
        code_paths=list(code_paths),
    )


def _column(name: str, kind: str) -> ColSpec:
    return ColSpec(_TYPES[kind.rstrip("?")], name, required=not kind.endswith("?"))
