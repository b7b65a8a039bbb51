"""Does comfort cost time? `GAN.fit` against published training loops.

    python -m benchmarks.speed
    python -m benchmarks.speed --against guide
    python -m benchmarks.speed --against torch

Same networks, same batch, same optimizers, same machine, one process: the
contestants take turns, an epoch each, in an order that rotates, so that a
machine which slows down slows all of them down. Where other programs run
beside it, the ratio of processor times is the steadier figure.

- the peer, see `peers`: `tutorial`, the loop of TensorFlow's DCGAN tutorial;
  `guide`, the step of the Keras guide, with its networks; `torch`, the steps
  of PyTorch's DCGAN example on the tutorial's networks, where PyTorch is
  installed.
- `fit`: `gan_keras.GAN.fit` on the peer's networks, with its progress bar,
  metrics, averaged generator and `SampleGrid`. Its `jit_compile="auto"` leaves
  XLA off for networks of this size, as the peers do.
- `fit, XLA` (with `--xla`): the same, compiled all the same.

The generator of gan_keras learns from the *updated* discriminator, which
takes one more pass than the tutorial's step (and none more than the others):
that is inside these times.
"""

import argparse
import contextlib
import os
import tempfile
import time
import typing

import keras
import numpy as np

import gan_keras as gk
from benchmarks import classifiers
from benchmarks import peers


def tutorial(images):
    """Returns a function which trains the tutorial's loop for an epoch."""
    loop = peers.TutorialLoop(
        peers.tutorial_generator(), peers.tutorial_discriminator()
    )
    dataset = peers.tutorial_dataset(images.astype("float32") / 127.5 - 1)
    return lambda: loop.fit(dataset)


def guide(images):
    """Returns a function which trains the guide's loop for an epoch."""
    loop = peers.GuideLoop(peers.guide_generator(), peers.guide_discriminator())
    dataset = peers.guide_dataset(images.astype("float32") / 255)
    return lambda: loop.fit(dataset)


def torch(images):
    """Returns a function which trains PyTorch's example for an epoch."""
    try:
        from benchmarks import torch_peer
    except ModuleNotFoundError as error:
        raise SystemExit(f"--against torch needs PyTorch: {error}") from error

    loop = torch_peer.ExampleLoop(peers.BATCH_SIZE)
    return lambda: loop.fit(images)


class Peer(typing.NamedTuple):
    """Whom to race against, and with what."""

    train: typing.Callable
    generator: typing.Callable
    discriminator: typing.Callable
    batch_size: int
    learning_rate: float
    wanted: float  # the peer's time, divided by ours


PEERS = {
    "tutorial": Peer(
        tutorial,
        peers.tutorial_generator,
        peers.tutorial_discriminator,
        peers.BATCH_SIZE,
        peers.LEARNING_RATE,
        wanted=0.95,
    ),
    "guide": Peer(
        guide,
        peers.guide_generator,
        peers.guide_discriminator,
        peers.GUIDE_BATCH_SIZE,
        peers.GUIDE_LEARNING_RATE,
        wanted=1.3,
    ),
    "torch": Peer(
        torch,
        peers.tutorial_generator,
        peers.tutorial_discriminator,
        peers.BATCH_SIZE,
        peers.LEARNING_RATE,
        wanted=0.95,
    ),
}


def fit(peer, images, directory, jit_compile):
    """Returns a function which trains a `GAN` for one more epoch."""
    gan = gk.GAN(generator=peer.generator(), discriminator=peer.discriminator())
    gan.compile(
        d_optimizer=keras.optimizers.Adam(peer.learning_rate),
        g_optimizer=keras.optimizers.Adam(peer.learning_rate),
        loss=gk.losses.NonSaturating(),
        penalties=[],
        jit_compile=jit_compile,
    )
    data = gk.datasets.pipeline(images, batch_size=peer.batch_size)
    callback = gk.callbacks.SampleGrid(directory)
    epochs = 0

    def train():
        nonlocal epochs
        # The progress bar is drawn, for it is part of what `fit` costs,
        # but not among the results.
        with (
            open(os.devnull, "w", encoding="utf-8") as devnull,
            contextlib.redirect_stdout(devnull),
        ):
            gan.fit(
                data,
                epochs=epochs + 1,
                initial_epoch=epochs,
                callbacks=[callback],
            )
        epochs += 1

    return train


def race(contestants, rounds):
    """Lets every contestant train an epoch in each round.

    Args:
        contestants: Dict of functions by name; each trains for one epoch.
        rounds: How many epochs are timed, after one that is not: it traces
            and compiles.

    Returns:
        `(first, times)`: by name, the seconds of the first epoch, and an
        array `[rounds, 2]` for the others: seconds on the clock, and seconds
        of processor time, of all threads together.
    """

    def timed(train):
        start = time.perf_counter(), time.process_time()
        train()
        return time.perf_counter() - start[0], time.process_time() - start[1]

    first = {name: timed(train)[0] for name, train in contestants.items()}
    times = {name: [] for name in contestants}
    order = list(contestants)
    for _ in range(rounds):
        for name in order:
            times[name].append(timed(contestants[name]))
        order.append(order.pop(0))
    return first, {name: np.array(pairs) for name, pairs in times.items()}


def table(first, times, against, wanted):
    """The results as text, one line for every contestant."""
    lines = [
        f"{'seconds an epoch':18}{'median':>9}{'min':>9}{'max':>9}"
        f"{'first':>9}{'CPU':>9}  {against + ' / this':22} CPU"
    ]
    for name, seconds in times.items():
        clock, cpu = seconds.T
        # Round by round: what slowed a whole round down cancels.
        ratios = times[against] / seconds
        ratio, cpu_ratio = np.median(ratios, axis=0)
        low, high = ratios[:, 0].min(), ratios[:, 0].max()
        lines.append(
            f"{name:18}{np.median(clock):9.2f}{clock.min():9.2f}"
            f"{clock.max():9.2f}{first[name]:9.2f}{np.median(cpu):9.2f}"
            f"  {ratio:.3f} ({low:.3f}-{high:.3f}) {cpu_ratio:7.3f}"
            + (
                ""
                if name == against or ratio >= wanted
                else f"  below {wanted}"
            )
        )
    return "\n".join(lines)


def main(arguments=None):
    parser = argparse.ArgumentParser(
        description="Time GAN.fit against a hand-written training loop."
    )
    parser.add_argument(
        "--data",
        metavar="MNIST.NPZ",
        help="full MNIST (default: the embedded digits)",
    )
    parser.add_argument(
        "--against", choices=list(PEERS), default="tutorial", help="the peer"
    )
    parser.add_argument(
        "--steps", type=int, default=20, help="steps in an epoch"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="timed epochs of each"
    )
    parser.add_argument(
        "--xla", action="store_true", help="a third contestant: with XLA"
    )
    options = parser.parse_args(arguments)

    peer = PEERS[options.against]
    (images, _), _ = classifiers.real_digits(options.data)
    # Repeated if there are too few: speed does not depend on the content.
    size = options.steps * peer.batch_size
    images = np.resize(images, (size, *images.shape[1:]))
    with tempfile.TemporaryDirectory() as directory:
        first, times = race(
            {
                options.against: peer.train(images),
                "fit": fit(peer, images, os.path.join(directory, "a"), "auto"),
            }
            | (
                {
                    "fit, XLA": fit(
                        peer, images, os.path.join(directory, "b"), True
                    )
                }
                if options.xla
                else {}
            ),
            options.rounds,
        )
    print(
        f"{options.steps} steps of {peer.batch_size} images an epoch, "
        f"{options.rounds} epochs each"
    )
    print(table(first, times, options.against, peer.wanted))


if __name__ == "__main__":
    main()
