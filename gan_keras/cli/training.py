"""`gan-keras train`: from the arguments to a directory full of results."""

import contextlib
import math
import os
import signal
import time

import keras
import tensorflow as tf

from gan_keras import callbacks
from gan_keras import checks
from gan_keras import datasets
from gan_keras import recipes
from gan_keras import replicas
from gan_keras import schedules
from gan_keras.cli import before
from gan_keras.cli import planning
from gan_keras.cli import run_directory
from gan_keras.cli.errors import NO_ROOM
from gan_keras.datasets.loading import listed
from gan_keras.files import in_use
from gan_keras.precision import precision
from gan_keras.precision import sixteen_bits_pay


def train(options, strategy):
    resumed = options.resume is not None
    if resumed:
        options, config = run_directory.read_config(options.resume)
    else:
        options.epoch_images = None  # all of them
        config = {}
    keras.utils.set_random_seed(options.seed)
    recipe = recipes.get(options.recipe)
    if resumed:
        if not before.check_checkpoints(options.out):
            config.pop("model", None)  # with the recipe's first weights, then
    folder = listed(options.data)
    if not resumed:
        before.check_before_loading(options, recipe, strategy, folder)
    before.check_names(options, config, folder)
    images, labels = before.load_data(options)
    start = time.monotonic()
    batch_size = options.batch_size = options.batch_size or recipe.batch_size
    classes = {}
    if recipe.classes:
        before.check_classes(options, labels)
        classes["num_classes"] = before.count_classes(options, labels)
    few = batch_size <= len(images) < planning.PARTS * batch_size
    if few and options.epochs is None and not resumed:
        # Several rounds make an epoch: thousands of short ones would do
        # little but draw grids.
        options.epoch_images = planning.PARTS * batch_size

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
    if resumed:
        before.check_images(options, config, images)
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
        pace = planning.seconds_a_step(gan, data, options.minutes)
        # Compiling and measuring are a part of the time that was asked for.
        left = options.minutes - (time.monotonic() - start) / 60
        left = max(left, options.minutes / 4)
        steps = max(1, int(60 * left / pace))
        if steps < planning.PARTS * len(data):
            # Shorter epochs: grids and checkpoints come often enough, and
            # the run ends when it should.
            options.epoch_images = max(1, steps // planning.PARTS) * batch_size
            data = batches()
        epochs = max(1, round(steps / len(data)))
        schedules.set_steps(gan, epochs * len(data))
        deadline = planning.RecordedDeadline(
            left,
            epochs,
            lambda plan: run_directory.write_config(
                options, gan, plan, images.shape
            ),
        )
    if not replicas.is_chief(gan):
        replicas.wait_for_all(strategy)
        return fit(options, gan, data, epochs)
    os.makedirs(options.out, exist_ok=True)
    with in_use(options.out):
        if not resumed:
            run_directory.begin(options, gan, epochs, images.shape)
        gan.summary()
        print(
            f"{options.recipe} on {options.data}: {len(images):,} images of "
            f"{images.shape[2]}x{images.shape[1]} "
            f"({datasets.describe(datasets.statistics(images))}), "
            f"{'about ' if deadline else ''}{epochs} epochs of {len(data)} "
            f"steps. Watch {options.out}/training.gif grow."
        )
        if (
            options.precision == "float32"
            and not recipes.is_small(images.shape[1:])
            and sixteen_bits_pay()
        ):
            print(
                "This processor would train faster on images of this size with "
                "--precision mixed_bfloat16."
            )
        # Before that, other workers might find the checkpoints of a run
        # which was about to be cleared.
        replicas.wait_for_all(strategy)
        return fit(options, gan, data, epochs, deadline)


class CtrlC(keras.callbacks.Callback):
    """Lets Ctrl-C stop the training between two calls, of a few steps each.

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
    # More than will fit in: the deadline ends it.
    most = math.ceil(epochs * planning.SLACK) if deadline else epochs
    try:
        with CtrlC() as ctrl_c:
            gan.fit(
                data,
                epochs=most,
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
    done = run_directory.finish(gan, out)
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
    for save in (resume.save, lambda: run_directory.finish(gan, out)):
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
