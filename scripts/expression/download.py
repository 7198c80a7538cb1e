"""Download one donor with abagen's own client; runs in abagen's environment."""

import argparse
from pathlib import Path

from amygene.expression import abagen_compat
from job import start

parser = argparse.ArgumentParser(description=__doc__)
for name in ("donor", "folder", "log"):
    parser.add_argument(f"--{name}", required=True)
options = parser.parse_args()
start(options.log)
# abagen looks elsewhere, too, unless the folder is there
Path(options.folder).mkdir(parents=True, exist_ok=True)
abagen_compat.load().fetch_microarray(data_dir=options.folder, donors=[options.donor], verbose=1)
