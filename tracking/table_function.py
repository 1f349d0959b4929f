"""Write functions of tables as MLflow models, and run them in the workers of Spark."""

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import mlflow.pyfunc as mlflow_pyfunc
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc.model import PythonModel
from mlflow.types import ColSpec, Schema
from mlflow.types.schema import DataType

from .model import pip_requirement

if TYPE_CHECKING:
    from pyspark.sql import SparkSession  # pyright: ignore[reportMissingImports]

_TYPES: Mapping[str, DataType] = {"string": DataType.string, "long": DataType.long}


class TableFunction(PythonModel):
    """A function from a table to a table, as a model.

    Args:
        function: a function that can be pickled.
    """

    def __init__(self, function: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
        self.function = function

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Return what the function returns for a table."""
        return self.function(model_input)


def save_table_function(
    folder: Path,
    function: Callable[[pd.DataFrame], pd.DataFrame],
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    packages: Sequence[str],
) -> None:
    """Write a function as the folder of a model.

    Args:
        folder: where it goes; nothing may be there.
        function: a function that can be pickled. Its packages are not in the folder.
        inputs: the type of each column that it takes: `string` or `long`.
        outputs: the type of each column that it returns.
        packages: those that it needs, in the versions that are installed here.
    """
    schemas = []
    for columns in (inputs, outputs):
        schemas.append(Schema([ColSpec(_TYPES[kind], name) for name, kind in columns.items()]))
    with _quiet():
        mlflow_pyfunc.save_model(
            path=str(folder),
            python_model=TableFunction(function),
            signature=ModelSignature(*schemas),
            pip_requirements=[pip_requirement(package) for package in packages],
        )


def spark_function(
    spark: "SparkSession", folder: Path, outputs: Mapping[str, str]
) -> Callable[..., Any]:
    """Return the function of Spark that asks a model in the Python of each worker.

    Args:
        spark: the session.
        folder: the folder of the model.
        outputs: the type of each column that it returns.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in outputs.items())
    with _quiet():
        return mlflow_pyfunc.spark_udf(
            spark, str(folder), result_type=f"struct<{columns}>", env_manager="local"
        )


@contextmanager
def _quiet() -> Iterator[None]:
    """Let MLflow write no advice, and take no files of a project in the working directory."""
    logger = logging.getLogger("mlflow")
    level = logger.level
    settings = {"MLFLOW_UV_AUTO_DETECT": "false", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), patch.dict(os.environ, settings):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
