"""Write the TorchScript archive of a weights folder: ``export_model.py WEIGHTS ARCHIVE``."""

import sys
from pathlib import Path

from scorelane.files import atomic_path
from scorelane.model.export import export_archive

if __name__ == "__main__":
    weights, archive = map(Path, sys.argv[1:])
    with atomic_path(archive) as temporary:
        export_archive(weights, temporary)
