"""Every recipe, default settings, embedded digits, three seeds.

    python -m benchmarks.recipes --data mnist.npz

trains what `benchmarks/recipes.csv` does not have yet, one run at a time with
the command that everybody uses, `gan-keras train NAME --seed S`; judges
its samples (see `benchmarks.quality`), appends a row and draws a grid of
samples in `benchmarks/grids`. Stop it when you like: it goes on where it was.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from benchmarks import classifiers
from benchmarks import quality
from gan_keras import plots
from gan_keras.datasets import to_uint8
from gan_keras_cli.names import RECIPES

SEEDS = (0, 1, 2)
RESULTS = Path(__file__).with_name("recipes.csv")
GRIDS = Path(__file__).with_name("grids")


def done():
    """The runs that are in the table: a set of `(recipe, seed)`."""
    if not RESULTS.exists():
        return set()
    with open(RESULTS, newline="") as file:
        return {
            (row["label"], int(row["seed"])) for row in csv.DictReader(file)
        }


def run(name, seed, directory, classifier, data=None):
    """Trains, judges, and returns a report and the recipe's figures."""
    command = [sys.executable, "-m", "gan_keras_cli", "train", name]
    command += ["--seed", str(seed), "--out", str(directory)]
    before = os.times()
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    minutes = (time.monotonic() - start) / 60
    after = os.times()
    processor = after.children_user - before.children_user
    processor += after.children_system - before.children_system
    gan = keras.saving.load_model(Path(directory) / "model.keras")
    n = quality.SAMPLES
    images = to_uint8(gan.generate(n, seed=seed))
    report = quality.judge(images, classifier, *quality.real_sets(data))
    asked = ""
    if gan.needs_labels:  # classes in turn, where none are given
        found = classifier(images)[1].argmax(axis=-1)
        asked = f"{np.mean(found == np.arange(n) % gan.num_classes):.4f}"
    inputs = gan.grid_inputs(columns=8, seed=0)
    grid = plots.image_grid(gan.generate_from(inputs), 8)
    return (
        report,
        grid,
        {
            "minutes": f"{minutes:.1f}",
            "processor minutes": f"{processor / 60:.1f}",
            "as asked": asked,
        },
    )


def summary():
    """The table as Markdown: of each recipe's seeds the worst figures."""
    with open(RESULTS, newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [
        "| recipe | seeds | clear | classes | recall (worst) "
        "| coverage (worst) | Fréchet | as asked | minutes | good enough |",
        "| --- " * 10 + "|",
    ]
    for name in RECIPES:
        runs = [row for row in rows if row["label"] == name]
        if not runs:
            continue

        def all_of(column, runs=runs):
            return [float(row[column]) for row in runs if row[column]]

        asked = all_of("as asked")
        good = sum(row["passed"] == "True" for row in runs)
        cells = [
            f"`{name}`",
            ", ".join(sorted(row["seed"] for row in runs)),
            f"{min(all_of('confident')):.3f}",
            f"{min(all_of('smallest class')):.1%} to "
            f"{max(all_of('largest class')):.1%}",
            f"{min(all_of('recall')):.2f} "
            f"({min(all_of('recall worst class')):.2f})",
            f"{min(all_of('coverage')):.2f} "
            f"({min(all_of('coverage worst class')):.2f})",
            f"{max(all_of('frechet')):.1f}",
            f"{min(asked):.1%}" if asked else "",
            f"{max(all_of('processor minutes')):.1f}",
            f"{good} of {len(runs)}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Train every recipe, and judge what it draws."
    )
    classifiers.add_arguments(parser)
    parser.add_argument(
        "--classifier", choices=list(classifiers.NETWORKS), default="final"
    )
    parser.add_argument("--only", nargs="+", default=list(RECIPES))
    parser.add_argument("--seeds", nargs="+", type=int, default=SEEDS)
    parser.add_argument(
        "--summary",
        action="store_true",
        help="print what has been measured, as a table, and train nothing",
    )
    parser.add_argument(
        "--grids",
        metavar="DIR",
        type=Path,
        default=GRIDS,
        help="a grid of samples of every recipe's last run goes there",
    )
    options = parser.parse_args(arguments)
    if options.summary:
        print(summary())
        return
    classifier = classifiers.load(
        options.classifier, options.data, options.cache
    )
    for seed in options.seeds:
        for name in options.only:
            if (name, seed) in done():
                continue
            with tempfile.TemporaryDirectory() as directory:
                report, grid, figures = run(
                    name, seed, Path(directory) / name, classifier, options.data
                )
            columns = {"label": name, "seed": seed, **figures}
            quality.append(RESULTS, report, **columns)
            print(f"{name}, seed {seed}: {figures}")
            print(quality.table(report), flush=True)
            options.grids.mkdir(parents=True, exist_ok=True)
            Image.fromarray(grid[..., 0]).save(options.grids / f"{name}.png")


if __name__ == "__main__":
    main()
