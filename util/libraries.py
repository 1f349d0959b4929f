"""Turn off what libraries say, where the package says it itself."""

import logging
import sys
import warnings

# Logs below these levels repeat what the meter, the progress display or an error says.
_LOG_LEVELS = {
    "dspy.clients.lm": logging.ERROR,  # truncated replies: the meter counts them
    "httpx": logging.WARNING,
    "huggingface_hub": logging.ERROR,
    "LiteLLM": logging.CRITICAL,  # it logs what it raises
}

_silenced: list[bool] = []


def silence_libraries() -> None:
    """Turn off the libraries' warnings, and the logs that repeat what the commands print."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    for name, level in _LOG_LEVELS.items():
        logging.getLogger(name).setLevel(level)
    _silenced[:] = [True]


def libraries_are_silent() -> bool:
    """Return whether `silence_libraries` was called in this process."""
    return bool(_silenced)
