"""What must not grow, and how soon the first picture is there.

    python -m benchmarks.costs start     # process start to first grid on disk
    python -m benchmarks.costs start --cold  # as after switching on; needs root
    python -m benchmarks.costs import    # beside `import keras`, and `--help`
    python -m benchmarks.costs grid      # the samples' share of an epoch
    python -m benchmarks.costs images    # time per image, 5,000 to 500,000
    python -m benchmarks.costs epochs    # callbacks and memory, 500 epochs
    python -m benchmarks.costs limit     # share of the machine's arithmetic

All with the default recipe and what `gan-keras train` does by default. `limit`
counts the multiplications of weights (convolutions and matrix products) of a
training step, which are what could not be saved, and holds them against a
large matrix product in the same run.
"""

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

GRIDS = {
    "of noise (before the training)": "samples/epoch_0000.png",
    "after the first epoch": "samples/epoch_0001.png",
}


def first_grids(directory):
    """Seconds from the start of a `gan-keras train` to each of `GRIDS`."""
    out = Path(directory) / "run"
    command = [sys.executable, "-m", "gan_keras_cli", "train", "--epochs", "2"]
    begin = time.monotonic()
    seconds = []
    with subprocess.Popen(
        [*command, "--out", str(out)], stdout=subprocess.DEVNULL
    ) as process:
        for name in GRIDS.values():
            while not (out / name).exists():
                if process.poll() is not None:
                    raise RuntimeError(f"The run ended without {name}.")
                time.sleep(0.02)
            seconds.append(time.monotonic() - begin)
        process.wait()
    return seconds


def forget_files():
    """Takes all files out of memory, as if the machine had just started."""
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3", encoding="ascii")


def start(rounds, cold):
    times = []
    for _ in range(rounds):
        if cold:
            forget_files()
        with tempfile.TemporaryDirectory() as directory:
            times.append(first_grids(directory))
    for what, seconds in zip(GRIDS, zip(*times)):
        print(
            f"first grid {what}: after {np.median(seconds):.1f} s "
            f"({min(seconds):.1f} to {max(seconds):.1f}, {rounds} runs)"
        )
    print("wanted: 20")


def seconds(*command):
    """How long a program of this Python takes, from start to end."""
    begin = time.monotonic()
    subprocess.run(
        [sys.executable, *command], check=True, stdout=subprocess.DEVNULL
    )
    return time.monotonic() - begin


def imports(rounds):
    commands = {
        "import keras": ("-c", "import keras"),
        "import gan_keras": ("-c", "import gan_keras"),
        "gan-keras --help": ("-m", "gan_keras_cli", "--help"),
    }
    times = {name: [] for name in commands}
    for _ in range(rounds + 1):
        for name, command in commands.items():
            times[name].append(seconds(*command))
    for name, found in times.items():
        found = found[1:]  # the first one fetches the files
        print(
            f"{name}: {np.median(found):.2f} s "
            f"({min(found):.2f} to {max(found):.2f}, {rounds} runs)"
        )


def grid(rounds):
    """An epoch of the embedded digits, and what `SampleGrid` takes of it."""
    import keras

    import gan_keras as gk

    class Clock(keras.callbacks.Callback):
        """Before and after the callback that it is put around."""

        def on_epoch_begin(self, epoch, logs=None):
            self.begin = time.perf_counter()

        def on_epoch_end(self, epoch, logs=None):
            self.end = time.perf_counter()

    digits, _ = gk.datasets.load("digits")
    gan, batch_size = default_gan()
    data = gk.datasets.pipeline(digits, batch_size=batch_size)
    before, after = Clock(), Clock()
    shares = []
    note = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: shares.append(
            (after.end - before.end) / (after.end - before.begin)
        )
    )
    with tempfile.TemporaryDirectory() as directory:
        samples = gk.callbacks.SampleGrid(directory)
        gan.fit(
            data,
            epochs=rounds + 1,
            callbacks=[before, samples, after, note],
            verbose=0,
        )
    shares = shares[1:]  # the first one traces
    print(
        f"SampleGrid: {np.median(shares):.1%} of an epoch of {len(data)} "
        f"steps ({min(shares):.1%} to {max(shares):.1%}); wanted: 2%"
    )


def default_gan():
    """The default recipe's model for digits, and its batch size."""
    from gan_keras import recipes

    recipe = recipes.get("dcgan")
    return recipe((28, 28, 1), recipe.steps, seed=0), recipe.batch_size


@contextlib.contextmanager
def silence():
    with (
        open(os.devnull, "w", encoding="utf-8") as devnull,
        contextlib.redirect_stdout(devnull),
    ):
        yield


def images(rounds):
    import gan_keras as gk

    digits, _ = gk.datasets.load("digits")
    counts = (5_000, 50_000, 500_000)
    gan, batch_size = default_gan()
    steps = 150
    data = {
        n: gk.datasets.pipeline(
            np.resize(digits, (n, *digits.shape[1:])),
            batch_size=batch_size,
            epoch_size=steps * batch_size,
        )
        for n in counts
    }
    times = {n: [] for n in counts}
    for turn in range(rounds + 1):
        for n in counts[turn % 3 :] + counts[: turn % 3]:
            begin = time.perf_counter()
            with silence():
                gan.fit(data[n], epochs=1)
            times[n].append(time.perf_counter() - begin)
    for n in counts:
        micro = np.array(times[n][1:]) / steps / batch_size * 1e6
        print(
            f"{n:>8,} images: {np.median(micro):.0f} microseconds an image "
            f"({micro.min():.0f} to {micro.max():.0f})"
        )


def epochs(count):
    import keras
    import psutil

    import gan_keras as gk

    digits, _ = gk.datasets.load("digits")
    memory = []

    class Memory(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            memory.append(psutil.Process().memory_info().rss / 2**20)

    class Timed(keras.callbacks.CallbackList):
        """Keras' list of callbacks, timed where an epoch begins and ends.

        `Resume` copies and writes the state of an epoch when the next one
        begins: that counts for the epoch which is over, so the first epoch's
        beginning does not. What it writes after the last one is not timed.
        """

        times = []

        def on_epoch_begin(self, epoch, logs=None):
            begin = time.perf_counter()
            super().on_epoch_begin(epoch, logs)
            if self.times:
                self.times[-1] += time.perf_counter() - begin

        def on_epoch_end(self, epoch, logs=None):
            begin = time.perf_counter()
            super().on_epoch_end(epoch, logs)
            self.times.append(time.perf_counter() - begin)

    gan, batch_size = default_gan()
    with tempfile.TemporaryDirectory() as directory:
        callbacks = Timed(
            [
                gk.callbacks.DivergenceGuard(),
                gk.callbacks.Resume(directory),
                gk.callbacks.CSVHistory(os.path.join(directory, "history.csv")),
                gk.callbacks.SampleGrid(directory),
                gk.callbacks.TensorBoardSamples(
                    os.path.join(directory, "logs")
                ),
                gk.callbacks.Pace(batch_size),
                Memory(),
            ],
            add_history=True,
            model=gan,
            epochs=count,
        )
        data = gk.datasets.pipeline(
            digits[: 10 * batch_size], batch_size=batch_size
        )
        with silence():
            gan.fit(data, epochs=count, callbacks=callbacks, verbose=0)
    times = np.array(Timed.times) * 1e3
    part = max(1, count // 10)
    for name, values, unit in [
        ("callbacks", times, "ms an epoch"),
        ("memory", np.array(memory), "MiB"),
    ]:
        tenths = [np.median(t) for t in np.array_split(values, 10)]
        print(
            f"{name}: {np.median(values[part : 2 * part]):.1f} {unit} in the "
            f"second tenth of {count} epochs, "
            f"{np.median(values[-part:]):.1f} in the last (tenths: "
            + " ".join(f"{t:.0f}" for t in tenths)
            + ")"
        )


def products(network, inputs):
    """Multiplications of weights in three kinds of pass over a network.

    Args:
        network: A `keras.Model` of layers that `gan_keras.xla.work` knows.
        inputs: Boolean, whether the gradient with respect to what goes into
            the network is needed as well.

    Returns:
        Tuple of what a forward pass costs an image, and what the gradients
        with respect to weights and to inputs cost.
    """
    from gan_keras import xla

    forward = xla.work(network)
    # Backwards each layer multiplies as often as forwards, once for its
    # weights and once for its inputs; nobody asks for the first layer's.
    first = next(
        layer
        for layer in network.layers
        if any(w.ndim > 1 for w in layer.trainable_weights)
    )
    kernel = next(w for w in first.trainable_weights if w.ndim > 1)
    places = int(np.prod(first.output.shape[1:-1])) or 1
    first = places * int(np.prod(kernel.shape))
    return forward, forward, forward - (0 if inputs else first)


def step_products(gan, share):
    """Multiplications of weights that a training step costs an image.

    Args:
        gan: A `GAN`.
        share: The part of the images that pays R1.
    """
    g_forward, g_weights, g_inputs = products(gan.generator, inputs=False)
    forward, weights, inputs = products(gan.discriminator, inputs=False)
    all_inputs = products(gan.discriminator, inputs=True)[2]
    g = g_forward + g_weights + g_inputs
    d = 2 * (forward + weights + inputs)  # at real and at fake images
    again = forward + all_inputs  # the second look at fakes
    # The slope at real images, a pass forwards and one backwards; and its
    # gradient, which retraces the latter forwards and ends in the weights.
    # (D is straight between its kinks: none travels back along the former.)
    r1 = share * (2 * forward + all_inputs + weights)
    return g + d + again + r1


def limit(rounds):
    import keras
    import tensorflow as tf

    import gan_keras as gk
    from benchmarks import peers

    def timed(function, count):
        begin = time.perf_counter()
        for _ in range(count):
            out = function()
        np.array(tf.nest.flatten(out)[-1])  # waits for it
        return (time.perf_counter() - begin) / count

    size = 3072
    a = tf.random.normal([size, size])
    square = tf.function(lambda: a @ a)
    tutorial = gk.GAN(
        peers.tutorial_generator(), peers.tutorial_discriminator(), seed=0
    )
    tutorial.compile(
        keras.optimizers.Adam(1e-4),
        keras.optimizers.Adam(1e-4),
        penalties=[],
    )
    contestants = {"matrix product": (square, 2 * size**3, 2)}
    for name, gan, batch, share in [
        ("default recipe", *default_gan(), 0.25),
        ("tutorial's networks", tutorial, peers.BATCH_SIZE, 0.0),
    ]:
        images = tf.random.uniform([batch, 28, 28, 1], -1, 1)
        step = tf.function(gan.train_step, jit_compile=gan.jit_compile)
        work = 2 * step_products(gan, share) * batch
        contestants[name] = (lambda s=step, x=images: s(x), work, 0)
    for function, *_ in contestants.values():
        timed(function, 2)  # traces and compiles
    speeds = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, (function, work, count) in contestants.items():
            count = count or max(2, int(3e10 / work))
            speeds[name].append(work / timed(function, count) / 1e9)
    top = np.median(speeds["matrix product"])
    for name, values in speeds.items():
        print(
            f"{name}: {np.median(values):.0f} GFLOP/s "
            f"({min(values):.0f} to {max(values):.0f}), "
            f"{np.median(values) / top:.0%}; "
            f"{contestants[name][1] / 1e9:.2f} GFLOP each"
        )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "what",
        choices=["start", "import", "grid", "images", "epochs", "limit"],
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=500)
    parser.add_argument(
        "--cold", action="store_true", help="start: no file is in memory yet"
    )
    options = parser.parse_args(arguments)
    {
        "start": lambda: start(options.rounds, options.cold),
        "import": lambda: imports(options.rounds),
        "grid": lambda: grid(options.rounds),
        "images": lambda: images(options.rounds),
        "epochs": lambda: epochs(options.epochs),
        "limit": lambda: limit(options.rounds),
    }[options.what]()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak of memory: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
