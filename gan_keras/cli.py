"""What `gan-keras` does once its arguments are read (see `gan_keras_cli`)."""

import argparse
import contextlib
import json
import math
import os
import pathlib
import platform
import shutil
import signal
import sys
import time
import warnings

import keras
import numpy as np
import tensorflow as tf

import gan_keras
from gan_keras import callbacks
from gan_keras import checks
from gan_keras import datasets
from gan_keras import recipes
from gan_keras import replicas
from gan_keras import schedules
from gan_keras import state
from gan_keras.callbacks.csv_history import read_history
from gan_keras.callbacks.pace import duration
from gan_keras.callbacks.resume import checkpoints
from gan_keras.callbacks.resume import newest
from gan_keras.callbacks.resume import write_checkpoint
from gan_keras.datasets.decoded import first_size
from gan_keras.datasets.files import idx_files
from gan_keras.datasets.loading import NAMES
from gan_keras.files import LOCK
from gan_keras.files import in_use
from gan_keras.files import make_directory
from gan_keras.files import replace_file
from gan_keras.networks.shapes import check_image_shape
from gan_keras.precision import precision

# What TensorFlow raises where Python has an OSError or a MemoryError: no room
# left, or a directory that is gone or must not be written to.
DISK_ERRORS = (
    tf.errors.ResourceExhaustedError,
    tf.errors.NotFoundError,
    tf.errors.PermissionDeniedError,
)
NO_ROOM = (OSError, MemoryError, *DISK_ERRORS)


def run(options, strategy=None):
    """Runs one parsed command; returns the exit code."""
    commands = {
        "data": look_at_data,
        "sample": sample,
        "interpolate": interpolate,
        "evaluate": evaluate,
    }
    try:
        if options.command == "train":
            return train(options, strategy or tf.distribute.get_strategy())
        return commands[options.command](options)
    except MemoryError as error:
        raise OSError(f"Not enough memory: {error}") from error
    except DISK_ERRORS as error:
        # The other lines tell where in the graph it happened.
        what = error.message.partition("\n")[0]
        raise OSError(f"TensorFlow cannot go on: {what}") from error


def train(options, strategy):
    resumed = options.resume is not None
    if resumed:
        options, config = read_config(options.resume)
    else:
        options.epoch_images = None  # all of them
        config = {}
    keras.utils.set_random_seed(options.seed)
    recipe = recipes.get(options.recipe)
    if resumed:
        if not check_checkpoints(options.out):
            config.pop("model", None)  # with the recipe's first weights, then
    folder = listed(options.data)
    if not resumed:
        check_before_loading(options, recipe, strategy, folder)
    check_names(options, config, folder)
    images, labels = load_data(options)
    start = time.monotonic()
    batch_size = options.batch_size = options.batch_size or recipe.batch_size
    classes = {}
    if recipe.classes:
        check_classes(options, labels)
        classes["num_classes"] = int(labels.max()) + 1
    few = batch_size <= len(images) < PARTS * batch_size
    if few and options.epochs is None and not resumed:
        # Several rounds make an epoch: thousands of short ones would do
        # little but draw grids.
        options.epoch_images = PARTS * batch_size

    def batches():
        return datasets.pipeline(
            images,
            labels if recipe.classes else None,
            batch_size=batch_size,
            seed=options.seed,
            flip=options.flip,
            epoch_size=options.epoch_images,
        )

    data = batches()
    if resumed and config["images"] != list(images.shape):
        raise ValueError(
            f"The run was trained on images {config['images']}, but "
            f"{options.data} now holds {list(images.shape)}."
        )
    # The default length is one in steps, because steps are what training
    # takes; an epoch of 60,000 images is as long as fifteen of 4,000.
    epochs = options.epochs or max(1, round(recipe.steps / len(data)))
    with strategy.scope(), precision(options.precision):
        if "model" in config:  # its own: the recipe may have got another since
            gan = keras.saving.deserialize_keras_object(config["model"])
        else:
            gan = recipe(
                images.shape[1:],
                steps=epochs * len(data),
                latent_dim=options.latent_dim,
                width=options.width,
                seed=options.seed,
                **classes,
            )
        if resumed:
            gan.compile_from_config(config["compile"])
            schedules.set_steps(gan, epochs * len(data))
    checks.training_data(gan, data)  # before anything is written
    deadline = None
    if options.minutes and not resumed:
        pace = seconds_a_step(gan, data, options.minutes)
        # Compiling and measuring are a part of the time that was asked for.
        left = options.minutes - (time.monotonic() - start) / 60
        left = max(left, options.minutes / 4)
        steps = max(1, int(60 * left / pace))
        if steps < PARTS * len(data):
            # Shorter epochs: grids and checkpoints come often enough, and
            # the run ends when it should.
            options.epoch_images = max(1, steps // PARTS) * batch_size
            data = batches()
        epochs = max(1, round(steps / len(data)))
        schedules.set_steps(gan, epochs * len(data))
        deadline = RecordedDeadline(
            left,
            epochs,
            lambda plan: write_config(options, gan, plan, images.shape),
        )
    if not replicas.is_chief(gan):
        replicas.wait_for_all(strategy)
        return fit(options, gan, data, epochs)
    os.makedirs(options.out, exist_ok=True)
    with in_use(options.out):
        if not resumed:
            begin(options, gan, epochs, images.shape)
        gan.summary()
        print(
            f"{options.recipe} on {options.data}: {len(images):,} images of "
            f"{images.shape[1]}x{images.shape[2]} "
            f"({datasets.describe(datasets.statistics(images))}), "
            f"{'about ' if deadline else ''}{epochs} epochs of {len(data)} "
            f"steps. Watch {options.out}/training.gif grow."
        )
        # Before that, other workers might find the checkpoints of a run
        # which was about to be cleared.
        replicas.wait_for_all(strategy)
        return fit(options, gan, data, epochs, deadline)


def check_checkpoints(out):
    """Whether a run has any; if it cannot go on, it must not begin anew.

    (It would delete itself.)
    """
    with warnings.catch_warnings():  # of damage; `Resume` will warn of it
        warnings.simplefilter("ignore")
        if newest(checkpoints(out)) is not None:
            return True
    # Before the first epoch was over there was nothing to keep.
    if read_history(os.path.join(out, "history.csv")) or os.path.exists(
        os.path.join(out, "model.keras")
    ):
        raise ValueError(
            f"--resume needs a checkpoint, and {out} has none though it was "
            "trained. Bring its folder `checkpoints` back, or begin anew: "
            "train with another --out, or with --overwrite."
        )
    return False


def listed(data):
    """The `ImageFolder` of these data, not yet read; None for all others."""
    path = pathlib.Path(os.path.expanduser(data))
    if data in NAMES or not path.is_dir() or idx_files(path):
        return None
    return datasets.ImageFolder(path)


def check_before_loading(options, recipe, strategy, folder):
    """What can be known without the images: a folder takes long to read."""
    size = options.image_size
    if size is not None and options.recipe != "gan":
        check_image_shape((size, size, 3))
    with strategy.scope():
        if options.minutes and tf.distribute.has_strategy():
            raise ValueError(
                "--minutes is for one process: several workers would each "
                "measure another number of epochs. Use --epochs."
            )
    if folder is None:
        return
    if recipe.classes:
        check_classes(options, folder.labels)
    if size is None and options.recipe != "gan":
        size = first_size(folder)
        try:
            check_image_shape((*(size or (64, 64)), 3))
        except ValueError as error:
            raise ValueError(
                f"The images in {options.data} must have a height and a width "
                "of 8 to 128 pixels: resize them, e.g. with --image-size 64. "
                f"Received: {size[0]}x{size[1]}"
            ) from error


def check_names(options, config, folder):
    """Notes what a folder's classes are called; they must stay in a resume."""
    before = config.get("class_names")
    options.class_names = None if folder is None else folder.class_names
    if before is not None and before != options.class_names:
        raise ValueError(
            f"The run's classes are {before}, but the sub-folders of "
            f"{options.data} now are {options.class_names}."
        )


def check_classes(options, labels):
    if labels is None:
        raise ValueError(
            f"{options.recipe} needs a class for every image, and "
            f"{options.data} has none. Sort a folder of images into one "
            "sub-folder per class, or take another recipe."
        )


class RecordedDeadline(callbacks.Deadline):
    """Writes its newest plan down, for `--resume` to follow.

    After every epoch, since a run that is killed has no last chance to. The
    checkpoint of that epoch is written later: it never lacks its plan.

    Args:
        minutes: As of `Deadline`.
        first: Int, the epochs of the first plan.
        write: Callable of the planned number of epochs.
    """

    def __init__(self, minutes, first, write):
        super().__init__(minutes)
        self.first = first
        self.write = write

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        # For `Pace`, which would tell the time for all that the machine
        # might do if it became much faster.
        self.params["epochs"] = self.first

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self.epochs is not None:
            self.write(self.epochs)


class PlannedBar(keras.callbacks.ProgbarLogger):
    """Keras' progress bar, with the epochs that `Deadline` plans by now.

    Keras' own goes on counting towards those that it was told of at first.
    """

    def set_params(self, params):
        super().set_params(params)
        self.shared = params

    def on_epoch_begin(self, epoch, logs=None):
        self.epochs = self.shared["epochs"]
        super().on_epoch_begin(epoch, logs)


# Epochs at the least, with --minutes, and steps of an epoch at the least,
# where their number is left to us.
PARTS = 20
SLACK = 2  # with --minutes: how much faster the machine may become


class Patience:
    """Says every few seconds how many files are read, and how long it takes.

    Args:
        seconds: Float, from one line to the next.
    """

    def __init__(self, seconds=5.0):
        self.seconds = seconds
        self.begin = self.last = time.monotonic()

    def __call__(self, done, total):
        now = time.monotonic()
        if now - self.last < self.seconds or not done:
            return
        self.last = now
        rate = done / (now - self.begin)
        print(
            f"  {done:,} of {total:,} files, {rate:,.0f} a second, "
            f"{duration((total - done) / rate)} left",
            flush=True,
        )


def load_data(options):
    """The images to train on, wherever there is room for them, and labels."""
    if os.path.isdir(options.data):
        print(f"Reading {options.data} ...", flush=True)
    # A large folder's pixels go beside the run, where there should be room:
    # the system's own folder for temporary files is often one in memory.
    directory = os.path.abspath(options.out)
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return datasets.load(
        options.data,
        split="train",
        image_size=options.image_size,
        memory=options.memory * 2**20,
        directory=directory,
        progress=Patience(),
    )


class CtrlC(keras.callbacks.Callback):
    """Lets Ctrl-C stop the training between two steps.

    Python raises `KeyboardInterrupt` wherever it happens to be, and loses it
    if that is in a destructor; then the training would just go on. A second
    Ctrl-C interrupts at once, as usual.
    """

    def __enter__(self):
        self.pressed = False
        self.previous = signal.signal(signal.SIGINT, self.press)
        return self

    def __exit__(self, *error):
        signal.signal(signal.SIGINT, self.previous)

    def press(self, number, frame):
        if self.pressed:
            raise KeyboardInterrupt
        self.pressed = True

    def on_train_batch_end(self, batch, logs=None):
        if self.pressed:
            raise KeyboardInterrupt


def fit(options, gan, data, epochs, deadline=None):
    """Trains, and leaves everything worth keeping in `options.out`."""
    out = options.out
    start = time.monotonic()
    stopped = None  # by this exception
    guard = callbacks.DivergenceGuard()
    history = os.path.join(out, "history.csv")
    resume = callbacks.Resume(out, seconds=options.checkpoint_seconds)
    batch_size = tf.nest.flatten(data.element_spec)[0].shape[0]
    try:
        with CtrlC() as ctrl_c:
            gan.fit(
                data,
                epochs=math.ceil(epochs * SLACK) if deadline else epochs,
                callbacks=[
                    *([deadline] if deadline else []),
                    guard,
                    resume,
                    callbacks.CSVHistory(history),
                    callbacks.SampleGrid(
                        out,
                        raw=options.raw,
                        minutes=options.snapshot_minutes or None,
                    ),
                    callbacks.TensorBoardSamples(
                        os.path.join(out, "logs"),
                        histograms=options.histograms,
                        graph=options.graph,
                    ),
                    callbacks.Pace(batch_size),
                    ctrl_c,
                    *([PlannedBar()] if deadline else []),
                ],
            )
    except (KeyboardInterrupt, *NO_ROOM) as error:
        if resume.kept is None or not replicas.is_chief(gan):
            raise  # nothing was trained, or nothing is to be written
        stopped = error
    if not replicas.is_chief(gan):
        return 0
    minutes = (time.monotonic() - start) / 60
    if deadline is not None and deadline.epochs is not None:
        epochs = deadline.epochs
    if stopped is not None:
        return rescue(gan, out, resume, stopped, epochs)
    done = finish(gan, out)
    if guard.diverged:
        print(
            f"\nStopped in epoch {done} of {epochs}: the training diverged "
            f"(see above). {out}/model.keras holds the last good state."
        )
        return 1
    print(
        f"\nDone: {done} epochs, {minutes:.1f} minutes.\n"
        f"  {out}/training.gif   the whole training\n"
        f"  {out}/losses.png     the two losses\n"
        f"  gan-keras sample {out} --out more.png\n"
        f"  tensorboard --logdir {out}/logs"
    )
    return 0


def rescue(gan, out, resume, stopped, epochs):
    """Keeps what there is of a run that was stopped by an exception."""
    failed = isinstance(stopped, Exception)  # a KeyboardInterrupt is none
    # A failure may well be in the way of saving, too.
    errors = NO_ROOM if failed else ()
    for save in (resume.save, lambda: finish(gan, out)):
        with contextlib.suppress(*errors):
            save()
    whole, _ = resume.kept
    if failed:
        print(
            f"\nStopped after {whole} of {epochs} epochs, by the error below. "
            f"Once it is mended, `gan-keras train --resume {out}` goes on."
        )
        raise stopped
    print(
        f"\nInterrupted after {whole} of {epochs} epochs; `gan-keras train "
        f"--resume {out}` goes on from there. (What was trained of the next "
        f"epoch is in {out}/model.keras alone.)"
    )
    return 130


def seconds_a_step(gan, data, minutes):
    """How long a training step takes, measured on this machine.

    A few steps are timed, for about a hundredth of so many minutes at the
    most, and then undone: the run that follows begins where any other would.
    The fastest count: what other programs took for a moment says nothing of
    the whole run.
    """
    variables = [*gan.variables, *gan.optimizer.variables]
    before = [np.array(v) for v in variables]
    step = gan.make_train_function() or gan.train_function
    batches = iter(data.repeat())
    step(batches)  # traces and compiles
    times = []
    for _ in range(5):
        start = time.monotonic()
        for _ in range(8):
            logs = step(batches)
        float(logs["d_loss"])  # waits for the steps to be done
        times.append((time.monotonic() - start) / 8)
        if 8 * sum(times) > 0.01 * 60 * minutes:
            break
    for variable, value in zip(variables, before):
        variable.assign(value)
    gan.reset_metrics()
    return min(times)


def begin(options, gan, epochs, shape):
    """Makes room for a run, and writes down what it begins with."""
    from gan_keras_cli import check_out

    # Again, as someone may have written there while the data were read.
    check_out(options)
    if options.overwrite:
        clear(options.out)
    write_config(options, gan, epochs, shape)
    # From the very beginning, so that a run without any has lost them.
    folder = checkpoints(options.out)
    make_directory(folder)
    write_checkpoint(folder, 0, state.read(gan))


def clear(directory):
    """Removes an earlier run."""
    # Last of all what tells that it is one: if this is interrupted,
    # `--overwrite` does the rest.
    entries = sorted(
        os.scandir(directory), key=lambda entry: entry.name == "config.json"
    )
    for entry in entries:
        if entry.name == LOCK:
            continue
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path)
        else:
            os.remove(entry.path)


def write_config(options, gan, epochs, shape):
    settings = {k: v for k, v in vars(options).items() if k != "command"}
    for name in ("overwrite", "resume"):
        settings.pop(name)
    if settings["data"] not in NAMES:
        # Where it is, for whoever resumes from another directory.
        path = os.path.expanduser(settings["data"])
        settings["data"] = os.path.abspath(path)
    model = keras.saving.serialize_keras_object(gan)
    model.pop("compile_config", None)  # it stands on its own, above
    config = {
        **settings,
        "latent_dim": gan.latent_dim,
        "ema_decay": gan.ema_decay,
        "xla": bool(gan.jit_compile),
        "processors": os.cpu_count(),
        "epochs": epochs,
        "images": list(shape),
        "class_names": options.class_names,
        "compile": gan.get_compile_config(),
        "versions": {
            "gan_keras": gan_keras.__version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
        "model": model,  # last, as it is long: both networks, layer by layer
    }

    def write(path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())  # no run can be resumed without it

    replace_file(os.path.join(options.out, "config.json"), write)


def read_config(run):
    """The options of an earlier run, and all of its config.json."""
    path = os.path.join(run, "config.json")
    try:
        with open(path, encoding="utf-8") as file:
            config = json.load(file)
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    # An older run lacks settings that came later: it had their defaults.
    from gan_keras_cli import build_parser
    from gan_keras_cli import is_run

    if not is_run(config):
        raise ValueError(
            f"{path} is not the config.json of a run of `gan-keras train`: it "
            "lacks settings. Name another directory, or bring it back."
        )
    settings = {**vars(build_parser().parse_args(["train"])), **config}
    settings.setdefault("epoch_images", None)
    # The directory may have been moved since.
    return argparse.Namespace(**{**settings, "out": run}), config


def finish(gan, out):
    """Saves what a run leaves behind; returns how many epochs it has."""
    from gan_keras import plots

    replace_file(os.path.join(out, "model.keras"), gan.save)
    rows = read_history(os.path.join(out, "history.csv"))
    if rows:
        history = {
            name: [row.get(name, np.nan) for row in rows] for name in rows[0]
        }
        figure = plots.loss_race(history, gan.loss)
        replace_file(
            os.path.join(out, "losses.png"),
            lambda path: figure.savefig(path, dpi=120),
        )
    return len(rows)


def load(path):
    """The GAN of a run; one readable error if the file is none."""
    try:
        model = keras.saving.load_model(path)
    except Exception as error:
        raise ValueError(
            f"cannot load {path}: {error} Was it written by another version, "
            "or cut off?"
        ) from error
    if not isinstance(model, gan_keras.GAN):
        raise ValueError(
            f"{path} must hold a whole GAN, as a run's model.keras does, or "
            "what `gan.save` wrote. It holds another network, such as a "
            f"generator alone. Received: a {type(model).__name__}"
        )
    return model


def look_at_data(options):
    from gan_keras import plots

    # Images for a sheet take memory that nobody needs without one.
    columns = 0 if options.preview is None else 8
    found = datasets.inspect(
        options.folder, options.image_size, columns, Patience()
    )
    print(found)
    if options.preview is not None:
        replace_file(options.preview, plots.contact_sheet(found).save)
        print(options.preview)
    return 0


def sample(options):
    from PIL import Image

    from gan_keras import plots

    gan = load(options.model)
    columns = min(options.n, max(1, round(options.n**0.5)))
    label = {}
    if options.label is not None:
        if not gan.needs_labels:
            raise ValueError(
                "--label is for conditional models, and this one knows no "
                f"classes. Received: {options.label}"
            )
        label["labels"] = options.label
    images = gan.generate(
        options.n, seed=options.seed, truncation=options.truncation, **label
    )
    grid = plots.image_grid(images, columns)
    image = Image.fromarray(grid[..., 0] if grid.shape[2] == 1 else grid)
    replace_file(options.out, image.save)
    print(options.out)
    return 0


def evaluate(options):
    from gan_keras import evaluation
    from gan_keras_cli import holds_run

    run = os.path.dirname(options.model)
    config = {}
    if holds_run(run):  # else it is of another program, and not needed
        _, config = read_config(run)
    return evaluation.evaluate(options, load(options.model), config)


def interpolate(options):
    from PIL import Image

    from gan_keras import plots
    from gan_keras.gif import GrowingGIF

    gan = load(options.model)
    inputs = gan.walk_inputs(options.stops, options.frames, options.seed)
    images = gan.generate_from(inputs)

    def write(path):
        gif = GrowingGIF(path, keep=0, frame_ms=80, hold_ms=80)
        for image in images:
            grid = plots.image_grid(image[None], 1, min_width=280)
            gif.append(
                Image.fromarray(grid[..., 0] if grid.shape[2] == 1 else grid)
            )

    replace_file(options.out, write)
    print(options.out)
    return 0


if __name__ == "__main__":
    from gan_keras_cli import main

    sys.exit(main())
