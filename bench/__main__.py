"""`make bench`: every figure of the README measured again, one after another; each prints one JSON object.

`python -m bench NAME...` measures only those. What needs ../shared/data uses the sample course where it is absent.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


def main(names: list[str]) -> int:
    """Run the benchmarks with these names (none: all); returns 0 only if all ended well."""
    found = sorted(
        path.stem for path in Path(__file__).parent.glob("*.py") if '__name__ == "__main__"' in path.read_text()
    )
    chosen = names or [name for name in found if name != "__main__"]
    failed = 0
    for name in chosen:
        deck = SHARED / "decks/diogo/R_programming.pdf"
        more = [str(deck)] if name == "ingest" and deck.is_file() else []
        print(f"\n== python -m bench.{name} {' '.join(more)}".rstrip(), flush=True)
        failed += subprocess.run([sys.executable, "-m", f"bench.{name}", *more], cwd=ROOT, check=False).returncode != 0
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
