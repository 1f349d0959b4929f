"""Define the type of NumPy arrays; docstrings give shapes and value types."""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
