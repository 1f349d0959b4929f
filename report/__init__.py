"""The report: the results of a run, a recording or a comparison, as one HTML page and as data.

`sources` reads all three into systems with records. `figures` computes the report's data, `details`
collects every question's samples, `plots` draws, and `page` renders the page. No code here calls a
model or uses the network.
"""

import lazy_loader

# Loaded on first use, because matplotlib and Arrow are slow to import.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
