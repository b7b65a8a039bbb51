"""Do the figures fall when real digits are spoilt, step by step?

    python -m benchmarks.ladder

measures 1,000 training digits as they are, lightly blurred, with noise, and
with their pixels shuffled; then with classes left out; then copies of the
training set. Writes `ladder.csv` and `ladder.png` beside this file.
"""

import csv
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

import gan_keras as gk

HERE = Path(__file__).parent


def spoilt(images, labels, seed=0):
    """Yields `(name, images)`, floats `[1000, 28, 28, 1]` in [-1, 1]."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(images))
    clean = (images[order].astype("float32") / 127.5 - 1)[:1000]
    yield "real", clean
    neighbours = sum(
        np.roll(clean, shift, axis) for axis in (1, 2) for shift in (1, -1)
    )
    yield "blurred", (clean + neighbours) / 5
    yield "noisy", np.clip(clean + rng.normal(0, 0.3, clean.shape), -1, 1)
    shuffled = rng.permuted(clean.reshape(1000, -1), axis=1)
    yield "shuffled", shuffled.reshape(clean.shape)
    for k in (2, 5, 8):
        kept = images[order][labels[order] >= k][:1000]
        if len(kept) < 1000:  # 400 of a class
            kept = np.resize(kept, (1000, *kept.shape[1:]))
        yield f"without {k} classes", kept.astype("float32") / 127.5 - 1


def main():
    # GANs would be trained on one half of the train part; the other half
    # stands in for a perfect generator here.
    images, labels = gk.datasets.load("digits")
    held_out, _ = gk.datasets.load("digits", split="test")
    evaluator = gk.metrics.Evaluator(images[::2], held_out)
    rows = []
    sets = list(spoilt(images[1::2], labels[1::2]))
    sets.append(("copies", images[::4].astype("float32") / 127.5 - 1))
    for name, fakes in sets:
        report = evaluator(fakes)
        row = {"set": name}
        row |= {n: one.value for n, one in report.figures.items()}
        copied = report.memorisation["pixels"]
        row |= {"nearer_to_train": copied.share, "flagged": copied.flagged}
        rows.append(row)
        print(name, {k: v for k, v in row.items() if k != "set"}, flush=True)
    with open(HERE / "ladder.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(
            {
                k: f"{v:.4f}" if isinstance(v, float) else v
                for k, v in row.items()
            }
            for row in rows
        )
    plot(rows).savefig(HERE / "ladder.png", dpi=100)


def plot(rows):
    """The distance on the ladder, and shares as classes are left out."""
    figure = Figure(figsize=(9, 3.8), layout="constrained")
    left, right = figure.subplots(1, 2)
    steps = rows[:4]
    left.plot([r["set"] for r in steps], [r["fd_digits"] for r in steps], "o-")
    left.set(ylabel="fd_digits", yscale="log", title="spoilt, step by step")
    left.yaxis.set_major_formatter("{x:g}")
    dropped = [rows[0], *rows[4:7]]
    for name, style in [
        ("precision", "o-"),
        ("recall", "s--"),
        ("coverage", "^:"),
    ]:
        values = [r[f"{name}_digits"] for r in dropped]
        right.plot([0, 2, 5, 8], values, style, label=name)
    right.set(xlabel="classes left out", ylim=(-0.02, 1.02))
    right.set_title("fewer and fewer classes")
    right.legend(frameon=False)
    for axis in (left, right):
        axis.spines[["top", "right"]].set_visible(False)
    return figure


if __name__ == "__main__":
    main()
