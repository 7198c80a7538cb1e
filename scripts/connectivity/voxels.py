"""Maps of one set of seeds in one bucket of participants."""

from amygene.cohort.images import read_signal
from amygene.connectivity.maps import make_maps
from amygene.imaging.grid import standard_grid
from amygene.imaging.scans import Scan
from amygene.imaging.seed_maps import read_sources
from amygene.io.files import read_json
from amygene.io.tables import write_json
from job import start

start(snakemake.log[0])
params, source = snakemake.params, snakemake.input
faulty = {f["participant_id"] for file in source.findings for f in read_json(file) if "problem" in f}
members = {p: [Scan(**s) for s in scans] for p, scans in params.members.items() if p not in faulty}
made = make_maps(
    members,
    params.sessions,
    read_signal(source.signal),
    read_sources(source.sources),
    params.cleaning,
    min_coverage=params.min_coverage,
    grid=standard_grid(params.voxel_size) if params.voxel_size else None,
    space=params.space,
    folder=f"results/{snakemake.wildcards.study}/connectivity",
    stop=params.faulty == "stop",
)
write_json(snakemake.output[0], made)
print(f"{sum(len(s['maps']) for by in made.values() for s in by.values())} maps of {len(members)} participants")
