"""Is one comparison's connectivity different from another's?"""

from amygene.io.files import read_arrays
from amygene.io.tables import read_table, write_table
from amygene.meta.columns import NETWORK
from amygene.meta.connectome import Connectome
from amygene.meta.network import canonical_table, region_table
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
connectome = Connectome.from_arrays(read_arrays(source.connectome))
first, second = (read_arrays(file) for file in source.parts)
observed, drawn = (first[k] - second[k] for k in ("observed", "drawn"))
common = {
    "sources": [],
    "settings": {"difference": snakemake.wildcards.difference, "draws": params.draws},
    "seed": params.seed,
    "meanings": NETWORK,
    "note": "first comparison minus second, against the same difference of random foci",
}
write_table(output.table, region_table(connectome, observed, drawn), sidecar=output.sidecar, **common)
canonical = canonical_table(read_table(source.networks), connectome, observed, drawn)
write_table(output.canonical, canonical, sidecar=output.canonical_sidecar, **common)
