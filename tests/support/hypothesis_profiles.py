"""How many examples the tests of properties try: a few by default, and many in `.ci/run`."""

from hypothesis import settings

# An example may take any time: other processes use the machine too.
settings.register_profile("quick", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=400, deadline=None)
settings.register_profile("exhaustive", max_examples=1000, deadline=None)
settings.load_profile("quick")
