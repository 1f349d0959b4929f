"""Track runs in MLflow. No other room knows its API.

An evaluation or a compile is one run, and each question of an evaluation is one trace. `store`
locates the store of runs, `run` opens runs, `prompts` and `model` put the result of a compile into
MLflow's registry of prompts and among its models.
"""

import lazy_loader

# MLflow takes seconds to import, so `run` is imported on first use.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
