"""The table of the toy benchmark."""

import sys
from pathlib import Path

# The benchmarks are not a part of the installed package.
sys.path.append(str(Path(__file__).parents[1]))

from benchmarks import toy  # noqa: E402


def test_results_are_appended_and_found_again(tmp_path):
    path = tmp_path / "toy.csv"
    assert toy.finished(path) == set()
    for seed in (1, 2):
        values = ("r3gan", "grid", seed, 25, "0.950", 60_000, "1.5")
        toy.append(path, dict(zip(toy.COLUMNS, values)))
    assert toy.finished(path) == {("r3gan", "grid", 1), ("r3gan", "grid", 2)}
    assert path.read_text().splitlines() == [
        "method,distribution,seed,modes,within_3_sigma,steps,minutes",
        "r3gan,grid,1,25,0.950,60000,1.5",
        "r3gan,grid,2,25,0.950,60000,1.5",
    ]
