"""Does the bundled extractor tell better from worse, as a larger judge does?

    python -m benchmarks.ranking --data mnist.npz

trains the default recipe once and takes snapshots of the averaged generator
during the last two thirds. Each is measured twice: by the extractor that comes
with the package, with 1,000 samples against the 1,000 held-out embedded
digits; and by a classifier of another architecture that was trained on full
MNIST, with 5,000 samples against 5,000 of MNIST's test digits. Both should
put the snapshots into the same order (Spearman's rank correlation). Writes
`ranking.csv` and `ranking.png` beside this file.
"""

import argparse
import csv
from pathlib import Path

import keras
import numpy as np
from matplotlib.figure import Figure
from scipy.stats import spearmanr

import gan_keras as gk
from benchmarks import classifiers
from benchmarks import quality
from gan_keras import recipes
from gan_keras.datasets import to_uint8
from gan_keras.metrics import frechet_distance

HERE = Path(__file__).parent
WANTED = 0.8


class Snapshots(keras.callbacks.Callback):
    """Keeps 5,000 samples every few epochs, always of the same noise."""

    def __init__(self, first, every):
        super().__init__()
        self.first = first
        self.every = every
        self.samples = {}

    def on_epoch_end(self, epoch, logs=None):
        epoch += 1
        if epoch >= self.first and epoch % self.every == 0:
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


def measure(samples, evaluator, classifier, held_out):
    """Rows of a table: the epoch, and both Fréchet distances."""
    real = classifier.features(held_out)
    name = evaluator.extractor.label("fd")
    for epoch, images in samples.items():
        yield {
            "epoch": epoch,
            name: evaluator.frechet(images),
            f"fd_{classifier.name}": frechet_distance(
                real, classifier.features(images)
            ),
        }


def plot(rows, correlation):
    """Both curves over the epochs, and one against the other."""
    _, ours, theirs = rows[0]
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    for name, style in [(ours, "o-"), (theirs, "s--")]:
        left.plot(epochs, [row[name] for row in rows], style, label=name)
    left.set(xlabel="epoch", ylabel="Fréchet distance", yscale="log")
    left.yaxis.set_major_formatter("{x:g}")
    left.yaxis.set_minor_formatter("{x:g}")
    left.tick_params(which="minor", labelsize=7)
    left.legend(frameon=False)
    right.plot([r[theirs] for r in rows], [r[ours] for r in rows], "o")
    right.set(xlabel=theirs, ylabel=ours, title=f"Spearman {correlation:.2f}")
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    return figure


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    classifiers.add_arguments(parser)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=80)
    parser.add_argument("--every", type=int, default=4)
    options = parser.parse_args(arguments)
    train_images, _ = gk.datasets.load("digits")
    held_out, _ = gk.datasets.load("digits", split="test")
    evaluator = gk.metrics.Evaluator(train_images, held_out)
    classifier = classifiers.load("final", options.data, options.cache)
    _, (digits, _) = quality.real_sets(options.data)
    samples = train(options.seed, options.epochs, options.every)
    rows = list(measure(samples, evaluator, classifier, digits))
    _, ours, theirs = rows[0]
    correlation = spearmanr(
        [row[ours] for row in rows], [row[theirs] for row in rows]
    ).statistic
    with open(HERE / "ranking.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    plot(rows, correlation).savefig(HERE / "ranking.png", dpi=100)
    for row in rows:
        print(", ".join(f"{k} {np.round(v, 3)}" for k, v in row.items()))
    print(
        f"Spearman {correlation:.3f} over {len(rows)} snapshots "
        f"(wanted: {WANTED})"
    )


if __name__ == "__main__":
    main()
