"""How well does the colour recipe draw faces, and how soon?

    python -m benchmarks.faces --data FOLDER --grids DIR --seed 0
    python -m benchmarks.faces --data FOLDER --grids DIR --seed 0 --blind

The first line trains for 60 minutes of *training* (what measuring takes does
not count). After 5, 15, 30 and 60 it saves a grid to DIR and appends a row to
`faces.csv` beside this file: the Fréchet distance of samples of the averaged
generator to the held-out images, in the features of an extractor which learnt
from the train part which way up it is, and the floor, which is what training
images have. Stopped and started again, it goes on where it was.

The second line makes a sheet of 40 samples and 40 real images, shuffled, and
a key in a file of its own, to be looked at only after the sheet was judged.
"""

import argparse
import csv
import json
import math
import time
from pathlib import Path

import keras
import numpy as np
from PIL import Image

import gan_keras as gk
from benchmarks import provenance
from gan_keras import recipes
from gan_keras.cli import planning
from gan_keras.files import replace_file
from gan_keras.metrics import Evaluator
from gan_keras.metrics import frechet_distance
from gan_keras.precision import precision
from gan_keras_cli.names import PRECISIONS

TABLE = Path(__file__).with_name("faces.csv")


class Milestones(keras.callbacks.Callback):
    """Measures after so many minutes of training.

    Args:
        run: `pathlib.Path`, the run's directory.
        minutes: List of floats.
        measure: Callable of the minutes and the steps.
    """

    def __init__(self, run, minutes, measure):
        super().__init__()
        self.file = run / "clock.json"
        self.minutes = sorted(minutes)
        self.measure = measure
        self.clock = {"0": 0.0}  # seconds of training, by epochs done
        if self.file.exists():
            self.clock = json.loads(self.file.read_text())
        self.seconds = max(self.clock.values())

    def now(self):
        return self.seconds

    def on_epoch_begin(self, epoch, logs=None):
        # Of the checkpoint, where a run goes on from one.
        self.seconds = self.clock[str(epoch)]

    def on_train_batch_begin(self, batch, logs=None):
        self.begin = time.monotonic()

    def on_train_batch_end(self, batch, logs=None):
        before = self.seconds / 60
        self.seconds += time.monotonic() - self.begin
        for minutes in self.minutes:
            if before < minutes <= self.seconds / 60:
                self.measure(minutes, int(self.model.steps))

    def on_epoch_end(self, epoch, logs=None):
        self.clock[str(epoch + 1)] = self.seconds
        text = json.dumps(self.clock)
        replace_file(self.file, lambda path: Path(path).write_text(text))


def rows():
    """What has been measured before."""
    if not TABLE.exists():
        return []
    with open(TABLE, newline="") as file:
        return list(csv.DictReader(file))


def add_row(row):
    row = row | provenance.provenance()
    new = not TABLE.exists()
    with open(TABLE, "a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)


def extractor_for(images, path):
    """One for all runs: distances in two of them cannot be compared."""
    if not path.exists():
        gk.extractors.fit(images, name="faces").save(path)
    return gk.extractors.Extractor.load(path, "faces")


def build(options, image_shape, steps):
    """The recipe, with another augmentation if there is one to be tried."""
    with precision(options.precision):
        gan = recipes.get("dcgan")(
            image_shape, steps, width=options.width, seed=options.seed
        )
    if options.augment:
        _, width = recipes.scale(image_shape, None, options.width)
        gan.compile(
            **recipes.adams(image_shape, steps, width),
            loss=gan.loss,
            penalties=gan.penalties,
            augmentation=gk.augment.DiffAugment(
                options.augment, seed=options.seed
            ),
        )
    return gan


def settings(options, run, images):
    """The run's settings: written once, as the plan depends on the speed."""
    path = run / "settings.json"
    if not path.exists():
        recipe = recipes.get("dcgan")
        batch_size = options.batch_size or recipe.batch_size
        gan = build(options, images.shape[1:], 1000)
        data = gk.datasets.pipeline(images, batch_size=batch_size)
        minutes = max(options.minutes)
        steps = 60 * minutes / planning.seconds_a_step(gan, data, minutes)
        found = {"epochs": max(1, int(steps / len(data))), "batch": batch_size}
        path.write_text(json.dumps(found))
    return json.loads(path.read_text())


def train(options, images, held_out, run):
    found = settings(options, run, images)
    keras.utils.set_random_seed(options.seed)
    data = gk.datasets.pipeline(
        images,
        batch_size=found["batch"],
        seed=options.seed,
        flip=not options.no_flip,
    )
    gan = build(options, images.shape[1:], found["epochs"] * len(data))
    path = options.grids / "extractor.keras"
    evaluator = Evaluator(images, held_out, extractor_for(images, path))
    floor = frechet_distance(evaluator.real[0], evaluator.other[0])

    def measure(minutes, steps):
        name = f"seed{options.seed}_{minutes:g}min.png"
        grid = gk.plots.image_grid(gan.generate(64, seed=0), columns=8)
        Image.fromarray(grid).save(options.grids / name)
        row = {
            "seed": options.seed,
            "minutes": f"{minutes:g}",
            "steps": steps,
            "batch": found["batch"],
            "width": recipes.scale(images.shape[1:], None, options.width)[1],
            "r1": round(gan.penalties[0].gamma, 2),
            "flip": not options.no_flip,
            "precision": options.precision,
            "optimizer": type(gan.d_optimizer).__name__,
            "augment": " ".join(
                options.augment or [type(gan.augmentation).__name__]
            ),
            "fd_faces": evaluator.frechet(
                gan.generate(evaluator.samples, seed=1)
            ),
            "floor": floor,
        }
        known = set(row) - {"fd_faces", "floor"}
        if not any(all(r[k] == str(row[k]) for k in known) for r in rows()):
            add_row(row)
        print(row, flush=True)

    milestones = Milestones(run, options.minutes, measure)
    left = max(options.minutes) - milestones.seconds / 60
    gan.fit(
        data,
        epochs=math.ceil(found["epochs"] * planning.SLACK),
        verbose=2,
        # The checkpoint last: what it is a checkpoint of has been counted.
        callbacks=[
            milestones,
            gk.callbacks.Deadline(left, clock=milestones.now),
            gk.callbacks.Resume(run),
        ],
    )
    # It ends with the epoch nearest to the time: that counts as the last
    # minute.
    if milestones.seconds / 60 < max(options.minutes):
        print(f"{milestones.seconds / 60:.1f} minutes of training")
        measure(max(options.minutes), int(gan.steps))
    gan.save(run / "model.keras")


def blind(options, held_out, run):
    """A sheet of fakes and real images, and apart from it which is which."""
    gan = keras.saving.load_model(run / "model.keras")
    rng = np.random.default_rng()  # another sheet every time
    fakes = gk.datasets.to_uint8(
        gan.generate(
            40, seed=int(rng.integers(2**31)), truncation=options.truncation
        )
    )
    reals = held_out[rng.permutation(len(held_out))[:40]]
    order = rng.permutation(80)
    sheet = gk.plots.image_grid(np.concatenate([fakes, reals])[order], 10)
    name = options.grids / f"seed{options.seed}_blind"
    Image.fromarray(sheet).save(f"{name}.png")
    real = (order >= 40).reshape(8, 10)
    lines = [" ".join("real" if r else "fake" for r in row) for row in real]
    Path(f"{name}_key.txt").write_text("\n".join(lines) + "\n")
    print(f"{name}.png: say of each image whether it is real; then look into")
    print(f"{name}_key.txt, which has the answers row by row.")


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="a folder of images")
    parser.add_argument("--grids", required=True, type=Path, help="for files")
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--width", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument(
        "--augment", nargs="+", choices=list(gk.augment.DiffAugment.POLICIES)
    )
    parser.add_argument("--no-flip", action="store_true")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument(
        "--minutes", type=float, nargs="+", default=[5, 15, 30, 60]
    )
    parser.add_argument("--blind", action="store_true")
    parser.add_argument("--truncation", type=float, help="of a blind sheet")
    options = parser.parse_args(arguments)
    images, held_out = (
        gk.datasets.load(options.data, part, options.image_size, channels=3)[0]
        for part in ("train", "test")
    )
    run = options.grids / f"seed{options.seed}"
    run.mkdir(parents=True, exist_ok=True)
    if options.blind:
        blind(options, held_out, run)
    elif (run / "model.keras").exists():
        print(f"{run} is complete; for another run name other `--grids`.")
    else:
        train(options, images, held_out, run)


if __name__ == "__main__":
    main()
