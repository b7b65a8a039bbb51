"""Does the game on the line come to rest, and what does a film cost?

    python -m benchmarks.lab

Trains `gk.lab.gan` with its defaults, five seeds that none of its settings
were tried with, on two distributions; measures the largest distance between D
and the best discriminator D* (where p_data + p_g is above 1 % of its maximum)
and the Jensen-Shannon divergence. Appends what `lab.csv` does not have yet.
Then times 60 frames of a film in the plane.
"""

import csv
import os
import tempfile
import time
from pathlib import Path

import keras

import gan_keras as gk

RESULTS = Path(__file__).with_name("lab.csv")
COLUMNS = "distribution seed worst js seconds processor_seconds".split()
SEEDS = (50, 51, 52, 53, 54)
DISTRIBUTIONS = {
    "mixture": gk.lab.mixture,
    "gaussian": lambda: gk.lab.gaussian(1.0, 0.7),
}


def line(name, seed):
    """One run: a row of the table."""
    keras.utils.set_random_seed(seed)
    data = DISTRIBUTIONS[name]()
    gan = gk.lab.gan(data, seed=seed)
    points = gk.lab.pipeline(data, steps=1000, seed=seed)
    start = time.perf_counter(), time.process_time()
    gan.fit(points, epochs=8, verbose=0)
    seconds = time.perf_counter() - start[0]
    processor = time.process_time() - start[1]
    found = gk.lab.Comparison(gan, data)
    figures = (found.worst(), found.js(), seconds, processor)
    return [name, seed, *(f"{figure:.4f}" for figure in figures)]


def film(frames=60):
    """Seconds that a film of so many frames adds to a run in the plane."""
    ring = gk.lab.ring(sigma=0.15)
    seconds = []
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "ring.gif")
        picture = gk.lab.FieldPicture(ring)
        for callbacks in ([], [gk.callbacks.Frames(path, picture)]):
            gan = gk.lab.gan(ring, steps=100 * frames, seed=1)
            points = gk.lab.pipeline(ring, steps=100, batch_size=256, seed=1)
            gan.fit(points, epochs=1, verbose=0)  # compiles
            start = time.perf_counter()
            gan.fit(points, epochs=frames, verbose=0, callbacks=callbacks)
            seconds.append(time.perf_counter() - start)
    return seconds[1] - seconds[0]


def main():
    done = set()
    if RESULTS.exists():
        with open(RESULTS, newline="") as file:
            done = {
                (row["distribution"], int(row["seed"]))
                for row in csv.DictReader(file)
            }
    for name in DISTRIBUTIONS:
        for seed in SEEDS:
            if (name, seed) in done:
                continue
            row = line(name, seed)
            with open(RESULTS, "a", newline="") as file:
                writer = csv.writer(file)
                if not done:
                    writer.writerow(COLUMNS)
                writer.writerow(row)
            done.add((name, seed))
            print(*row, flush=True)
    print(f"60 frames of a film in the plane: {film():.1f} s")


if __name__ == "__main__":
    main()
