"""Write the golden files anew: `uv run python tests/golden/make.py`.

The golden files stand for those that users have on their disks. Make them anew only when a format
is extended on purpose, and say so in the commit: a change that a golden test finds by chance is a
break for users.
"""

import shutil
import tempfile
import time
from pathlib import Path

import world


def main() -> None:
    """Run every step in an empty folder, and keep what it prints and writes."""
    shutil.rmtree(world.FILES, ignore_errors=True)
    world.DOCUMENTS.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world.write_inputs(folder)
        with world.opened(folder) as here:
            for step in world.ORDER:
                began = time.perf_counter()
                document = here.run(step)
                print(f"{step}: {time.perf_counter() - began:.1f} s, {here.asked} requests")
                if step != "compare":
                    world.write_document(step, document)
        world.keep(folder)


if __name__ == "__main__":
    main()
