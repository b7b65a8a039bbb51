"""How good are the digits after so many seconds?

    python -m benchmarks.quality_vs_time --data mnist.npz --only ours --seeds 0

Every contestant trains on full MNIST (or, with `--data FOLDER --name fashion`,
on what is there, and is called so in the table), alone on the machine. The
clock counts training with all tracing and compiling, and stops while samples
are judged: Fréchet distance of 5,000 samples to the 10,000 test images, in the
features of a classifier of `benchmarks.classifiers`; beside it the floor, that
of 5,000 training images. Rows are appended to `quality_vs_time.csv`; what this
processor has there is not done again, and a peer's run of an hour goes on
where it was stopped (its rows count whatever the processor).

- `ours`, `cgan`: the recipes `dcgan` and `cgan` with a budget of 1, 2 and 5
  minutes, each a run of its own whose learning rate reaches zero at its end;
  measured every 15 seconds after the first minute as well.
- `digits`: `dcgan` on the 4,000 embedded digits, 5 minutes.
- `tutorial`, `guide`: see `benchmarks.peers`; after 1, 5, 10 and 60 minutes.
"""

import argparse
import csv
import math
import time
from pathlib import Path

import keras
import numpy as np

import gan_keras as gk
from benchmarks import classifiers
from benchmarks import peers
from benchmarks import provenance
from gan_keras import files
from gan_keras import recipes
from gan_keras import schedules
from gan_keras.cli import planning
from gan_keras.datasets import to_uint8
from gan_keras.metrics import frechet_distance

RESULTS = Path(__file__).with_name("quality_vs_time.csv")
COLUMNS = (
    "contestant seed budget seconds steps frechet floor asked classifier"
).split() + provenance.COLUMNS
SAMPLES = 5_000
OURS = {
    "ours": ("dcgan", (60, 120, 300)),
    "cgan": ("cgan", (60, 120, 300)),
    "digits": ("dcgan", (300,)),
}
PEER_POINTS = (60, 300, 600, 3600)
KEEP = 300  # seconds after which a peer's state is kept once more


class Judge:
    """Judges samples; what it says of them is a row of the table.

    Args:
        classifier: A `benchmarks.classifiers.Classifier`.
        images: The training images; a part of them makes the floor.
        held_out: The test images.
        name: String, what the data is called in the table if it is not MNIST.
    """

    def __init__(self, classifier, images, held_out, name=None):
        self.classifier = classifier
        self.name = f"{classifier.name}, {name}" if name else classifier.name
        self.real = classifier.features(held_out)
        others = images[np.random.default_rng(0).permutation(len(images))]
        self.floor = frechet_distance(
            self.real, classifier.features(others[:SAMPLES])
        )

    def __call__(self, samples, labels=None, **columns):
        features, probabilities = self.classifier(samples)
        asked = ""
        if labels is not None:
            found = probabilities.argmax(axis=-1)
            asked = f"{np.mean(found == labels):.4f}"
        row = {
            **columns,
            "seconds": round(columns["seconds"]),
            "frechet": f"{frechet_distance(self.real, features):.3f}",
            "floor": f"{self.floor:.3f}",
            "asked": asked,
            "classifier": self.name,
        }
        print(row, flush=True)
        return row


def write(rows):
    """Appends rows to the table, with the processor and the commit."""
    origin = provenance.provenance()
    new = not RESULTS.exists()
    with open(RESULTS, "a", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerows(row | origin for row in rows)


def done(contestant, seed, budget, classifier, processors=None):
    """The seconds at which this run has been judged: a set.

    On one of these processors, if they are given.
    """
    if not RESULTS.exists():
        return set()
    with open(RESULTS, newline="") as file:
        return {
            int(row["seconds"])
            for row in csv.DictReader(file)
            if (row["contestant"], row["seed"], row["budget"])
            == (contestant, str(seed), str(budget))
            and row["classifier"] == classifier
            and (processors is None or row["processor"] in processors)
        }


class Points(keras.callbacks.Callback):
    """Judges while `fit` runs, and keeps the judging off the clock.

    Args:
        begin: Float, `time.perf_counter()` at which the clock began.
        seconds: Floats, ascending: when to judge.
        judge: Callable of the seconds.
    """

    def __init__(self, begin, seconds, judge):
        super().__init__()
        self.begin = begin
        self.waiting = list(seconds)
        self.judge = judge

    def now(self):
        return time.perf_counter() - self.begin

    def on_train_batch_end(self, batch, logs=None):
        if self.waiting and self.now() >= self.waiting[0]:
            self.off_the_clock(self.judge, self.now())
            self.waiting.pop(0)

    def off_the_clock(self, function, *arguments):
        start = time.perf_counter()
        function(*arguments)
        self.begin += time.perf_counter() - start


def ours(contestant, seed, budget, images, labels, judge):
    """One run of a recipe, made to end after `budget` seconds."""
    keras.utils.set_random_seed(seed)
    recipe = recipes.get(OURS[contestant][0])
    begin = time.perf_counter()
    classes = {"num_classes": 10} if recipe.classes else {}

    def batches(length=None):
        return gk.datasets.pipeline(
            images,
            labels if recipe.classes else None,
            batch_size=recipe.batch_size,
            seed=seed,
            epoch_size=length and length * recipe.batch_size,
        )

    gan = recipe(images.shape[1:], steps=1000, seed=seed, **classes)
    pace = planning.seconds_a_step(gan, batches(), budget / 60)
    steps = budget / pace
    # What was traced and compiled to find that out is paid for already.
    left = 1 - (time.perf_counter() - begin) / budget
    length = max(1, int(steps * left / planning.PARTS))
    epochs = math.ceil(planning.PARTS * planning.SLACK)
    schedules.set_steps(gan, planning.PARTS * length)

    rows = []

    def look(seconds):
        labels = np.arange(SAMPLES) % 10 if recipe.classes else None
        samples = (
            gan.generate(SAMPLES, seed=seed)
            if labels is None
            else gan.generate(labels=labels, seed=seed)
        )
        row = judge(
            to_uint8(samples),
            labels,
            contestant=contestant,
            seed=seed,
            budget=budget,
            seconds=seconds,
            steps=int(gan.steps),
        )
        rows.append(row)

    points = Points(begin, range(60, budget - 7, 15), look)
    left = (budget - points.now()) / 60
    gan.fit(
        batches(length),
        epochs=epochs,
        verbose=0,
        callbacks=[points, gk.callbacks.Deadline(left, clock=points.now)],
    )
    look(points.now())
    write(rows)  # all at once: a run that was stopped begins anew


def peer(contestant, seed, images, judge, cache, points=PEER_POINTS):
    """An hour of a peer's loop; its state is kept every five minutes."""
    known = max(done(contestant, seed, max(points), judge.name), default=0)
    if known >= max(points):
        return
    keras.utils.set_random_seed(seed)
    if contestant == "tutorial":
        loop = peers.TutorialLoop(
            peers.tutorial_generator(), peers.tutorial_discriminator()
        )
        data = peers.tutorial_dataset(images.astype("float32") / 127.5 - 1)
        latent_dim, low = peers.LATENT_DIM, -1.0
    else:
        loop = peers.GuideLoop(
            peers.guide_generator(), peers.guide_discriminator()
        )
        data = peers.guide_dataset(images.astype("float32") / 255)
        latent_dim, low = peers.GUIDE_LATENT_DIM, 0.0
    for network, optimizer in [
        (loop.generator, loop.g_optimizer),
        (loop.discriminator, loop.d_optimizer),
    ]:
        optimizer.build(network.trainable_variables)
    variables = [
        *loop.generator.variables,
        *loop.discriminator.variables,
        *loop.g_optimizer.variables,
        *loop.d_optimizer.variables,
    ]
    path = Path(cache) / f"peer_{contestant}_{seed}_{judge.name}.npz"
    seconds = steps = 0
    if path.exists():
        with np.load(path) as stored:
            seconds, steps = float(stored["seconds"]), int(stored["steps"])
            for i, variable in enumerate(variables):
                variable.assign(stored[f"v{i}"])
        keras.utils.set_random_seed(seed + steps)  # not the same noise again
    noise = np.random.default_rng(seed).standard_normal(
        (SAMPLES, latent_dim), "float32"
    )
    before = seconds
    waiting = [point for point in points if point > seconds + 1]
    start = time.perf_counter()
    for batch in data.repeat():
        if not waiting:
            break
        loop.step(batch)
        steps += 1
        seconds = before + time.perf_counter() - start
        if seconds >= waiting[0]:
            images = loop.generator.predict(noise, batch_size=500, verbose=0)
            images = (images - low) / (1 - low) * 255
            row = judge(
                np.clip(np.round(images), 0, 255).astype("uint8"),
                contestant=contestant,
                seed=seed,
                budget=max(points),
                seconds=seconds,
                steps=steps,
            )
            if seconds > known + 1:  # else a run that is lost measured it
                write([row])
            waiting.pop(0)
        elif seconds < before + KEEP:
            continue
        keep(path, variables, seconds=seconds, steps=steps)
        before, start = seconds, time.perf_counter()


def keep(path, variables, **clocks):
    state = {f"v{i}": v.numpy() for i, v in enumerate(variables)}
    files.replace_file(path, lambda new: np.savez(new, **state, **clocks))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    classifiers.add_arguments(parser)
    every = [*OURS, "tutorial", "guide"]
    parser.add_argument("--only", nargs="+", choices=every, default=every)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument(
        "--budgets",
        nargs="+",
        type=int,
        help="seconds; only those of our runs (all, if not given)",
    )
    parser.add_argument(
        "--classifier", choices=list(classifiers.NETWORKS), default="final"
    )
    parser.add_argument(
        "--name", help="what the data is called in the table if not MNIST"
    )
    options = parser.parse_args(arguments)
    cache = Path(options.cache or classifiers.cache_directory())
    classifier = classifiers.load(options.classifier, options.data, cache)
    (images, labels), (held_out, _) = classifiers.real_digits(options.data)
    judge = Judge(classifier, images, held_out, options.name)
    for seed in options.seeds:
        for contestant in options.only:
            if contestant not in OURS:
                peer(contestant, seed, images, judge, cache)
                continue
            budgets = OURS[contestant][1]
            here = {provenance.processor()}
            for budget in options.budgets or budgets:
                if budget not in budgets or done(
                    contestant, seed, budget, judge.name, here
                ):
                    continue
                train = images, labels
                if contestant == "digits":
                    train = gk.datasets.load("digits")
                ours(contestant, seed, budget, *train, judge)


if __name__ == "__main__":
    main()
