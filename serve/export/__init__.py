"""A cascade as an MLflow model, for `mlflow models serve` and for tables."""
