"""Genes that contrasts and tissues share, by thresholds and by ranks."""

from amygene.io.files import write_arrays
from amygene.io.tables import write_table
from amygene.preclinical.columns import EXCLUSIVE, OVERLAPS, RANK_RANK
from amygene.preclinical.comparisons import all_exclusive, all_overlaps, all_ranks
from amygene.preclinical.signatures import read_all
from job import start

start(snakemake.log[0])
source, output, params = snakemake.input, snakemake.output, snakemake.params
signatures = read_all(source.contrasts, params.tissues, params.signatures, params.thresholds)
sources = [*source.contrasts, *source.signatures]
shared: dict = {"sources": sources, "settings": {"thresholds": params.thresholds}}
write_table(
    output.table,
    all_overlaps(signatures, params.contrasts),
    sidecar=output.sidecar,
    meanings=OVERLAPS,
    note="genes are expressed together and contrasts share animals: sets overlap more than independent ones would",
    **shared,
)
write_table(
    output.exclusive,
    all_exclusive(signatures, params.contrasts),
    sidecar=output.exclusive_sidecar,
    meanings=EXCLUSIVE,
    **shared,
)
ranks, maps = all_ranks(signatures, params.contrasts, params.seed, params.permutations)
write_table(
    output.ranks,
    ranks,
    sidecar=output.ranks_sidecar,
    sources=sources,
    settings={"permutations": params.permutations},
    seed=params.seed,
    meanings=RANK_RANK,
    note="p takes genes for exchangeable; contrasts with a group in common are alike without any effect",
)
write_arrays(output.maps, log_p=maps)
