"""Find the regions of every seed in the atlas; what is not there is written down, not raised."""

import json
from pathlib import Path

from amygene.imaging.seeds import check_seeds
from amygene.imaging.series_pack import read_labels
from amygene.io.files import replacing
from job import start

start(snakemake.log[0])
regions = snakemake.input.regions
problems = check_seeds(snakemake.params.seeds, read_labels(regions), regions)
with replacing(snakemake.output[0]) as beside:
    Path(beside).write_text(json.dumps(problems, indent=1))
