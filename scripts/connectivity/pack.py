"""All maps of one seed in one array."""

from amygene.connectivity.maps import pack
from amygene.imaging.images import read_volume
from amygene.io.files import read_json
from amygene.io.problems import InputError
from amygene.io.tables import read_table, write_sidecar
from job import start

start(snakemake.log[0])
source, output, params, wildcards = snakemake.input, snakemake.output, snakemake.params, snakemake.wildcards
participants = read_table(source.participants, dtype={"participant_id": str})["participant_id"].tolist()
made = {p: by for f in source.parts for p, by in read_json(f).items()}
maps = [made.get(p, {}).get(params.session, {}).get("maps", {}).get(wildcards.seed) for p in participants]
grid, mask = read_volume(source.mask)
if not any(maps):
    raise InputError(f"nobody has a map of the seed {wildcards.seed} in session {params.session!r}")
n = pack(output.array, maps, grid, mask > 0)
lacking = [p for p, m in zip(participants, maps, strict=True) if m is None]
write_sidecar(
    output.sidecar,
    output.array,
    sources=[source.participants, source.mask],
    settings={"seed": wildcards.seed, "definition": params.definition, "cleaning": params.cleaning},
    note="Fisher z, float32 [participants x voxels] in Fortran order; rows as in cohort/participants.tsv (of missing "
    "values without a map), columns as numpy.flatnonzero(mask)",
    participants=participants,
    without_map=lacking,
)
print(f"{n} of {len(participants)} participants have a map of {wildcards.seed}")
