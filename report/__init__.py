"""The report: what a run, a record or a comparison came to, as one page and as figures.

`sources` reads all three into systems with records, `figures` counts, `details` holds every question's samples, `draw_...`
draws, and `page` puts it together. Nothing of it asks a model or the network.
"""

import lazy_loader

# Loaded on first use: matplotlib and Arrow take their time.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
