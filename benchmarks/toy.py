"""Which method finds all the modes? Rings and grids of Gaussians.

    python -m benchmarks.toy

In the plane everything can be counted. The data are 8 small round clouds on a
ring, or 25 on a grid; a generator has to send each of its points into one of
them, and to forget none of them. Two numbers tell how it went:

- modes: how many clouds get at least a tenth of their fair share of 10,000
  samples, counted within three sigma of their centres;
- within_3_sigma: the share of the samples that lie so near to some centre.
  Of true samples 1 - exp(-3**2 / 2) = 0.989 do.

Every (method, distribution, seed) that is not in `toy.csv` yet is trained and
adds a line to it, so that an interrupted run goes on where it was. `--plot
DIR` also draws the samples of those that it trains.
"""

import argparse
import csv
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from matplotlib.figure import Figure

import gan_keras as gk
from gan_keras import lab
from gan_keras import plots
from gan_keras.schedules import HoldThenDecay

RESULTS = Path(__file__).with_name("toy.csv")
COLUMNS = "method distribution seed modes within_3_sigma steps minutes".split()
SAMPLES = 10_000
SEEDS = (10, 11, 12)  # none of those that the settings were tried with

# ------------------------------------------------------------------ training

DISTRIBUTIONS = {"ring": lab.ring(), "grid": lab.grid()}
STEPS = {"ring": 20_000, "grid": 60_000}

# The weights are small because the clouds are: where D has to rise and fall
# within 0.05, a slope of 1 is not steep.
METHODS = {
    "minimax": lambda: ("minimax", []),
    "wgan_gp": lambda: (
        "wasserstein",
        [gk.penalties.GradientPenalty(weight=0.1)],
    ),
    "r3gan": lambda: (
        "relativistic",
        [gk.penalties.R1(gamma=0.03), gk.penalties.R2(gamma=0.03)],
    ),
}

BATCH_SIZE = 64  # more steps, of fewer points, reach more in the same time
EPOCH_STEPS = 4_000


def train(method, distribution, seed, steps):
    """Trains one method on one distribution.

    The networks, optimizers and steps are the same for all methods.

    Args:
        method: String, one of `METHODS`.
        distribution: String, one of `DISTRIBUTIONS`.
        seed: Int: of the data, the weights and the noise.
        steps: Int, training steps; a multiple of `EPOCH_STEPS`.

    Returns:
        Float32 array `[SAMPLES, 2]`, drawn with the averaged generator.
    """
    keras.utils.set_random_seed(seed)
    mixture = DISTRIBUTIONS[distribution]
    # Networks start out at the size of 1, and so should what they see.
    scale = mixture.spread()
    points = mixture.sample(EPOCH_STEPS * BATCH_SIZE, seed) / scale
    gan = gk.GAN(
        # The plane between the clouds must be passed quickly: G has to be
        # steep, and depth makes it so. A fourth layer is worth more than
        # layers of twice the width.
        gk.networks.mlp_generator((2,), latent_dim=2, hidden=(64,) * 4),
        gk.networks.mlp_discriminator((2,), hidden=(64,) * 3),
        seed=seed,
    )
    loss, penalties = METHODS[method]()
    gan.compile(
        # D learns twice as fast, and so stays ahead of G without the further
        # turns (`critic_steps=5`) that WGAN-GP's authors give it.
        d_optimizer=adam(2e-3, steps),
        g_optimizer=adam(1e-3, steps),
        loss=loss,
        penalties=penalties,
        steps_per_execution=50,
    )
    gan.fit(
        gk.datasets.pipeline(
            points.astype("float32"), batch_size=BATCH_SIZE, seed=seed
        ),
        epochs=steps // EPOCH_STEPS,
        verbose=0,
    )
    return gan.generate(SAMPLES, seed=seed) * np.float32(scale)


def adam(learning_rate, steps):
    """Adam without momentum; the clouds get sharp as its steps get small."""
    return keras.optimizers.Adam(
        HoldThenDecay(learning_rate, steps), beta_1=0.0, beta_2=0.99
    )


# ------------------------------------------------------------------- results


def finished(path):
    """The runs in a table of results.

    Args:
        path: The CSV file; it need not exist.

    Returns:
        Set of tuples `(method, distribution, seed)`.
    """
    if not Path(path).exists():
        return set()
    with open(path, newline="", encoding="utf-8") as file:
        return {
            (row["method"], row["distribution"], int(row["seed"]))
            for row in csv.DictReader(file)
        }


def append(path, row):
    """Adds a line to the table of results, with a header if it is new."""
    new = not Path(path).exists()
    with open(path, "a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def scatter(mixture, points, title):
    """Samples over the true centres.

    Args:
        mixture: A `gan_keras.lab.Mixture`.
        points: Float array `[n, 2]`.
        title: String.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    figure = Figure(figsize=(5, 5.3), layout="constrained")
    axes = figure.add_subplot(title=title, aspect="equal")
    axes.scatter(*mixture.centres.T, s=90, c=plots.REAL_COLOUR, alpha=0.5)
    axes.scatter(*np.transpose(points), s=1, c=plots.FAKE_COLOUR, alpha=0.5)
    # The same frame for all, also where a generator has run away.
    reach = 1.25 * np.abs(mixture.centres).max()
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
    return figure


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Count the modes that GANs find, in the plane."
    )
    parser.add_argument(
        "--only", metavar="METHOD", choices=list(METHODS), help="one method"
    )
    parser.add_argument(
        "--plot",
        metavar="DIR",
        type=Path,
        help="draw the samples of the runs made now",
    )
    parser.add_argument("--results", metavar="CSV", type=Path, default=RESULTS)
    options = parser.parse_args(arguments)
    # To cut such small products in two costs more than a second thread saves.
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(2)
    if options.plot:
        options.plot.mkdir(parents=True, exist_ok=True)

    for method in [options.only] if options.only else METHODS:
        for distribution, mixture in DISTRIBUTIONS.items():
            for seed in SEEDS:
                run = (method, distribution, seed)
                if run in finished(options.results):
                    continue
                start = time.perf_counter()
                points = train(*run, STEPS[distribution])
                minutes = (time.perf_counter() - start) / 60
                modes = mixture.modes_covered(points)
                within = mixture.share_within(points)
                values = (*run, modes, f"{within:.3f}")
                values = (*values, STEPS[distribution], f"{minutes:.1f}")
                append(options.results, dict(zip(COLUMNS, values)))
                title = (
                    f"{method}, {distribution}, seed {seed}: {modes} of "
                    f"{len(mixture.centres)} modes, {within:.1%} within 3 sigma"
                )
                print(title, flush=True)
                if options.plot:
                    name = f"{method}_{distribution}_{seed}.png"
                    figure = scatter(mixture, points, title)
                    figure.savefig(options.plot / name)


if __name__ == "__main__":
    main()
