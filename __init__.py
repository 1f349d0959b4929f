"""COPE: a small and a large language model solve problems together, through plans.

>>> from cope import Cascade, Team
>>> cascade = Cascade("cope", Team(small="local/qwen2.5-coder-0.5b", large="openai/gpt-4o-mini"))
>>> cascade(question="What is 6 times 7?").answer  # doctest: +SKIP
'42'
"""

import lazy_loader

__version__ = "0.1.0"

# Loaded on first use: `cope --help` must not pay for dspy.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
