"""The environment variables that the package reads by name, with what each does."""

import os

ENVIRONMENT_VARIABLES = {
    "COPE_WEIGHTS": "a folder with weights of local models, searched first; `--weights` is another",
    "COPE_CACHE": "the folder of downloaded weights; the default is the user's cache folder",
    "ALFWORLD_DATA": "the folder of the games that ALFWorld publishes",
    "HF_ENDPOINT": "the address of the model hub",
    "HF_TOKEN": "a token for the model hub",
    "OLLAMA_HOST": "the Ollama server of `ollama/NAME` without an address",
    "OLLAMA_API_KEY": "the key of Ollama's own service. It is sent to `ollama.com` only",
    "MLFLOW_TRACKING_URI": (
        "the store of tracked runs; `--store` overrides it. The default is `sqlite:///mlflow.db`. "
        "It is a file, `sqlite:///PATH`, the address of an MLflow server (`http://HOST:PORT`) or "
        "of a database that MLflow knows; not a folder (`file:`), in which MLflow no longer stores "
        "runs"
    ),
    "NO_COLOR": "print without colors",
}
"""The variables with fixed names. A provider's key and address are named after the provider."""


def read_variable(name: str) -> str:
    """Return the value of an environment variable; empty text when it is not set.

    Raises:
        KeyError: for a name that `ENVIRONMENT_VARIABLES` does not describe.

    >>> os.environ["NO_COLOR"] = "1"
    >>> read_variable("NO_COLOR")
    '1'
    >>> del os.environ["NO_COLOR"]
    """
    if name not in ENVIRONMENT_VARIABLES:
        raise KeyError(f"describe {name} in ENVIRONMENT_VARIABLES")
    return os.environ.get(name, "")
