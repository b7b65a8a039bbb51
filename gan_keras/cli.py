"""What `gan-keras` does once its arguments are read (see `gan_keras_cli`)."""

import json
import os
import platform
import shutil
import sys
import time

import keras
import numpy as np
import tensorflow as tf

import gan_keras
from gan_keras import callbacks
from gan_keras import datasets
from gan_keras import latent
from gan_keras import recipes

# A recipe's own length on the embedded digits, in training steps: about five
# minutes on two cores. Given in steps because that is what training takes;
# an epoch of 60,000 images is as long as fifteen of 4,000.
DEFAULT_STEPS = 10_000


def run(options):
    """Runs one parsed command; returns the exit code."""
    return {"train": train, "sample": sample, "interpolate": interpolate}[
        options.command
    ](options)


def train(options):
    keras.utils.set_random_seed(options.seed)
    images, _ = datasets.load(
        options.data, split="train", image_size=options.image_size
    )
    data = datasets.pipeline(
        images, batch_size=options.batch_size, seed=options.seed
    )
    epoch_steps = int(data.cardinality())
    epochs = options.epochs or max(1, round(DEFAULT_STEPS / epoch_steps))
    gan = recipes.get(options.recipe)(
        images.shape[1:],
        steps=epochs * epoch_steps,
        latent_dim=options.latent_dim,
        width=options.width,
        seed=options.seed,
    )
    if options.minutes:
        epochs = epochs_for(gan, data, options.minutes)
        recipes.set_steps(gan, epochs * epoch_steps)

    if options.overwrite and os.path.isdir(options.out):
        shutil.rmtree(options.out)
    os.makedirs(options.out, exist_ok=True)
    write_config(options, gan, epochs, images.shape)
    gan.summary()
    print(
        f"{options.recipe} on {options.data}: {len(images):,} images of "
        f"{images.shape[1]}x{images.shape[2]}, {epochs} epochs of "
        f"{epoch_steps} steps. Watch {options.out}/training.gif grow."
    )
    history = keras.callbacks.History()
    start = time.monotonic()
    interrupted = False
    try:
        gan.fit(
            data,
            epochs=epochs,
            callbacks=[
                history,
                callbacks.CSVHistory(os.path.join(options.out, "history.csv")),
                callbacks.SampleGrid(options.out, raw=options.raw),
                callbacks.TensorBoardSamples(
                    os.path.join(options.out, "logs"),
                    histograms=options.histograms,
                ),
            ],
        )
    except KeyboardInterrupt:
        interrupted = True
    minutes = (time.monotonic() - start) / 60
    finish(gan, history, options.out)
    done = len(history.epoch)
    print(
        f"\n{'Interrupted' if interrupted else 'Done'} after {done} "
        f"epochs, {minutes:.1f} minutes.\n"
        f"  {options.out}/training.gif   the whole training\n"
        f"  {options.out}/losses.png     the two losses\n"
        f"  gan-keras sample {options.out} --out more.png\n"
        f"  tensorboard --logdir {options.out}/logs"
    )
    return 130 if interrupted else 0


def epochs_for(gan, data, minutes):
    """How many epochs fit into the given time, measured on this machine.

    A few steps are timed, and then undone: the run that follows begins where
    any other would.
    """
    variables = [*gan.variables, *gan.optimizer.variables]
    before = [np.array(v) for v in variables]
    step = gan.make_train_function() or gan.train_function
    batches = iter(data.repeat())
    step(batches)  # traces and compiles
    times = []
    for _ in range(3):
        start = time.monotonic()
        for _ in range(8):
            logs = step(batches)
        float(logs["d_loss"])  # waits for the steps to be done
        times.append((time.monotonic() - start) / 8)
    for variable, value in zip(variables, before):
        variable.assign(value)
    gan.reset_metrics()
    steps = minutes * 60 / np.median(times)
    return max(1, int(steps / int(data.cardinality())))


def write_config(options, gan, epochs, shape):
    settings = {k: v for k, v in vars(options).items() if k != "command"}
    settings.pop("overwrite")
    config = {
        **settings,
        "epochs": epochs,
        "images": list(shape),
        "compile": gan.get_compile_config(),
        "versions": {
            "gan_keras": gan_keras.__version__,
            "python": platform.python_version(),
            "tensorflow": tf.__version__,
            "keras": keras.__version__,
            "numpy": np.__version__,
        },
    }
    write_whole(
        os.path.join(options.out, "config.json"),
        lambda path: write_json(path, config),
    )


def write_json(path, content):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")


def write_whole(path, write):
    """Lets `write(path)` make a file that appears only when it is complete."""
    root, extension = os.path.splitext(path)
    partial = f"{root}.partial{extension}"
    write(partial)
    os.replace(partial, path)


def finish(gan, history, out):
    """Saves what a run leaves behind."""
    from gan_keras import plots

    write_whole(os.path.join(out, "model.keras"), gan.save)
    if history.epoch:
        figure = plots.loss_race(history, gan.loss)
        write_whole(
            os.path.join(out, "losses.png"),
            lambda path: figure.savefig(path, dpi=120),
        )


def load(path):
    """The model of a run; one readable error if the file is damaged."""
    try:
        return keras.saving.load_model(path)
    except Exception as error:
        raise ValueError(
            f"cannot load {path}: {error} Was it written by another version, "
            "or cut off?"
        ) from error


def sample(options):
    from PIL import Image

    from gan_keras import plots

    gan = load(options.model)
    columns = min(options.n, max(1, round(options.n**0.5)))
    grid = plots.image_grid(gan.generate(options.n, options.seed), columns)
    image = Image.fromarray(grid[..., 0] if grid.shape[2] == 1 else grid)
    write_whole(options.out, image.save)
    print(options.out)
    return 0


def interpolate(options):
    from PIL import Image

    from gan_keras import plots
    from gan_keras.gif import GrowingGIF

    gan = load(options.model)
    stops = gan.draw_latents(options.stops, options.seed)
    images = gan.generate_from(latent.walk(stops, options.frames))

    def write(path):
        gif = GrowingGIF(path, keep=0, frame_ms=80, hold_ms=80)
        for image in images:
            grid = plots.image_grid(image[None], 1, min_width=280)
            gif.append(
                Image.fromarray(grid[..., 0] if grid.shape[2] == 1 else grid)
            )

    write_whole(options.out, write)
    print(options.out)
    return 0


if __name__ == "__main__":
    from gan_keras_cli import main

    sys.exit(main())
