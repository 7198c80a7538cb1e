"""Download the maps of one receptor through neuromaps."""

import shutil
import tempfile
from pathlib import Path

from amygene.meta.receptors import NEUROMAPS, fetch_neuromaps
from job import start

start(snakemake.log[0])
target, folder = snakemake.wildcards.receptor, Path(snakemake.output[0])
with tempfile.TemporaryDirectory() as room:
    for name, file in fetch_neuromaps(target, NEUROMAPS[target], room).items():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.move(file, folder / name)
        print(folder / name)
