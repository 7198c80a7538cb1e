"""Read connectivity that came ready; write it as the stage connectivity would, and what was found of everybody."""

from amygene.connectivity.ready import read_ready
from amygene.imaging.series_pack import read_labels, write_findings
from amygene.io.files import write_arrays
from job import start

start(snakemake.log[0])
params, output = snakemake.params, snakemake.output
members = [p for own in params.members.values() for p in own]
tables, findings = read_ready(params.maps, params.seeds, read_labels(snakemake.input.regions), members, params.scale)
places = iter(output.parts)
for seed in params.seeds:
    for own in params.members.values():
        z = tables[seed].loc[tables[seed].index.isin(own)]
        write_arrays(
            next(places), participant_id=z.index.to_numpy(str), region=z.columns.to_numpy(str), z=z.to_numpy(float)
        )
write_findings(output.findings, findings)
print(f"{sum('problem' not in f for f in findings)} of {len(findings)} participants stand in all tables")
