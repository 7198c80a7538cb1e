"""What each participant's maps rest on."""

import pandas as pd

from amygene.connectivity.qc import qc_table
from amygene.io.files import read_json
from amygene.io.tables import read_table, write_table
from job import start

start(snakemake.log[0])
source, params = snakemake.input, snakemake.params
participants = read_table(source.participants, dtype={"participant_id": str})
described = {f["participant_id"]: f["sessions"] for file in source.confounds for f in read_json(file)}
made: dict[str, dict] = {}
for file in source.parts:
    for participant, by in read_json(file).items():
        for session, entry in by.items():
            into = made.setdefault(participant, {}).setdefault(session, {"maps": {}, "coverage": {}, "tsnr": {}})
            for key in ("maps", "coverage", "tsnr"):
                # a set may hold seeds that the config no longer names
                into[key] |= {
                    seed: v for seed, v in entry[key].items() if seed in params.sets and params.sets[seed] in file
                }
            into |= {key: entry[key] for key in ("n_voxels", "problem") if key in entry}
connectivity = {seed: pd.read_parquet(f) for seed, f in zip(params.seeds, source.connectivity, strict=True)}
table, meanings = qc_table(participants, params.sessions, described, made, connectivity)
write_table(
    snakemake.output.table,
    table,
    sidecar=snakemake.output.sidecar,
    sources=[source.participants],
    settings={"cleaning": params.cleaning},
    meanings=meanings,
)
