"""Does the bundled extractor tell better from worse, as a larger judge does?

    python -m benchmarks.ranking --data mnist.npz

trains the default recipe for so many epochs, and takes snapshots of the
averaged generator during the last two thirds. Each is measured as
`gk.callbacks.QualityMonitor` does it, by the extractor that comes with the
package, with 4,000 samples against the 1,000 held-out embedded digits; and by
a classifier of another architecture that was trained on full MNIST, with 5,000
samples against 5,000 of MNIST's test digits. Both should put the snapshots
into the same order (Spearman's rank correlation). How far that can go is told
by a third: another classifier trained on full MNIST, ranked against the
second. Appends to `ranking.csv`, a row a snapshot, what it does not have yet,
and draws `ranking.png` beside this file.
"""

import argparse
import csv
from pathlib import Path

import keras
from matplotlib.figure import Figure
from scipy.stats import spearmanr

import gan_keras as gk
from benchmarks import classifiers
from benchmarks import quality
from gan_keras import recipes
from gan_keras.datasets import to_uint8
from gan_keras.metrics import frechet_distance

HERE = Path(__file__).parent
RESULTS = HERE / "ranking.csv"
WANTED = 0.8
COLUMNS = ["epochs", "seed", "epoch", "fd_digits", "fd_final", "fd_search"]


class Snapshots(keras.callbacks.Callback):
    """Keeps 5,000 samples every few epochs, always of the same noise."""

    def __init__(self, first, every):
        super().__init__()
        self.first = first
        self.every = every
        self.samples = {}

    def on_epoch_end(self, epoch, logs=None):
        epoch += 1
        if epoch > self.first and epoch % self.every == 0:
            images = self.model.generate(quality.SAMPLES, seed=0)
            self.samples[epoch] = to_uint8(images)


def train(seed, epochs, every):
    """Trains the default recipe; returns samples by epoch."""
    keras.utils.set_random_seed(seed)
    images, _ = gk.datasets.load("digits")
    recipe = recipes.get("dcgan")
    data = gk.datasets.pipeline(images, batch_size=recipe.batch_size, seed=seed)
    gan = recipe((28, 28, 1), steps=epochs * len(data), seed=seed)
    snapshots = Snapshots(first=epochs // 3, every=every)
    gan.fit(data, epochs=epochs, verbose=0, callbacks=[snapshots])
    return snapshots.samples


def read():
    """What was measured: dict from `(epochs, seed)` to lists of rows."""
    found = {}
    if RESULTS.exists():
        with open(RESULTS, newline="") as file:
            for row in csv.DictReader(file):
                key = int(row["epochs"]), int(row["seed"])
                found.setdefault(key, []).append(
                    {name: float(row[name]) for name in COLUMNS[2:]}
                )
    return found


def correlation(rows, one, other):
    return spearmanr([r[one] for r in rows], [r[other] for r in rows]).statistic


def plot(found):
    """A row of panels a length of training: both curves, and their ranks."""
    figure = Figure(figsize=(9, 2.6 * len(found)), layout="constrained")
    panels = figure.subplots(len(found), 2, squeeze=False)
    for (left, right), ((epochs, seed), rows) in zip(panels, found.items()):
        at = [row["epoch"] for row in rows]
        for name, style in [("fd_digits", "o-"), ("fd_final", "s--")]:
            left.plot(at, [row[name] for row in rows], style, ms=4, label=name)
        left.set(
            xlabel="epoch",
            ylabel="Fréchet distance",
            yscale="log",
            title=f"{epochs} epochs, seed {seed}",
        )
        left.yaxis.set_major_formatter("{x:g}")
        left.yaxis.set_minor_formatter("{x:g}")
        left.tick_params(which="minor", labelsize=7)
        left.legend(frameon=False)
        right.plot(
            [r["fd_final"] for r in rows], [r["fd_digits"] for r in rows], "o"
        )
        value = correlation(rows, "fd_digits", "fd_final")
        right.set(
            xlabel="fd_final",
            ylabel="fd_digits",
            title=f"Spearman {value:.2f}",
        )
        for axis in (left, right):
            axis.spines[["top", "right"]].set_visible(False)
    return figure


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    classifiers.add_arguments(parser)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--every", type=int, default=4)
    options = parser.parse_args(arguments)
    train_images, _ = gk.datasets.load("digits")
    held_out, _ = gk.datasets.load("digits", split="test")
    evaluator = gk.metrics.Evaluator(train_images, held_out)
    samples = gk.callbacks.QualityMonitor(evaluator).samples
    judges = {
        name: classifiers.load(name, options.data, options.cache)
        for name in ("final", "search")
    }
    _, (digits, _) = quality.real_sets(options.data)
    real = {name: judge.features(digits) for name, judge in judges.items()}
    for seed in options.seeds:
        if (options.epochs, seed) in read():
            continue
        rows = []
        snapshots = train(seed, options.epochs, options.every)
        for epoch, images in snapshots.items():
            ours = evaluator.frechet(images[:samples])
            theirs = [
                frechet_distance(real[name], judges[name].features(images))
                for name in judges
            ]
            rows.append([options.epochs, seed, epoch, ours, *theirs])
        new = not RESULTS.exists()
        with open(RESULTS, "a", newline="") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(COLUMNS)
            writer.writerows(
                [*row[:3], *(f"{value:.4f}" for value in row[3:])]
                for row in rows
            )
    found = read()
    plot(found).savefig(HERE / "ranking.png", dpi=100)
    for (epochs, seed), rows in found.items():
        value = correlation(rows, "fd_digits", "fd_final")
        other = correlation(rows, "fd_search", "fd_final")
        print(
            f"{epochs} epochs, seed {seed}, {len(rows)} snapshots: Spearman "
            f"{value:.3f} (wanted: {WANTED}); the other classifier {other:.3f}"
        )


if __name__ == "__main__":
    main()
