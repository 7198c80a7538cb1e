# Connectivity on voxels: how is each seed connected with every voxel of each participant's brain?
# Reads  4D images, brain masks and confounds of a cohort of images (bids, table with a column bold, simulated-bids)
# Writes results/{study}/connectivity/sub-{subject}/sub-{subject}[_ses-{session}]_seed-{seed}_space-{space}_stat-fisherz_boldmap.nii.gz
#          with .json: float32 Fisher z, NaN (missing, never 0) outside the participant's mask; {subject} is the
#          participant_id without a leading "sub-"; ses- only if the cohort has sessions
#        results/{study}/connectivity/seed-{seed}_atlas-{atlas}_stat-fisherz_group.parquet: mean z per region of the
#          atlas, the same table as for ROI series, so that group, sites, genes and enrichment run on it as they are
#        results/{study}/connectivity/qc.tsv, seeds.tsv (voxels, overlap and tSNR of the seeds)
#
# What the group stage on voxels reads (constants IMAGES: bool, SPACE: str, SEEDS stand in rules/common.smk):
#   voxel/space-{space}_mask.nii.gz (.json)
#       uint8, the voxels that have signal in every scan of every participant of cohort/participants.tsv
#   voxel/seed-{seed}_space-{space}_stat-fisherz_group.npy (.json)
#       float32, shape (n_participants, n_voxels), Fortran order: `np.load(file, mmap_mode="r")[:, a:b]` reads one
#       contiguous piece, so a job over a block of voxels holds only its block.
#       Rows: cohort/participants.tsv, in its order. A row of NaN: the participant has no map of this seed
#       (the seed lies outside the field of view); single missing values do not occur.
#       Columns: the mask's voxels in C order, np.flatnonzero(mask) (nilearn's order).
#   voxel/ses-{session}_seed-{seed}_space-{space}_stat-fisherz_group.npy (.json)
#       the same of every further session (cohort.sessions; the first session is the file without ses-), rows again as
#       in cohort/participants.tsv, NaN where a participant was not scanned; same mask.
