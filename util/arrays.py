"""The type of a NumPy array; docstrings give its shape and type of values."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
