"""Does comfort cost time? `GAN.fit` against published training loops.

    python -m benchmarks.speed
    python -m benchmarks.speed --against guide
    python -m benchmarks.speed --against torch

Same networks, same batch, same optimizers, same machine, one process: the
contestants take turns of four steps, each on its own clock, so that a machine
which slows down for a while slows all of them down. Where other programs run
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
import threading
import time
import typing
from concurrent import futures

import keras
import numpy as np

import gan_keras as gk
from benchmarks import classifiers
from benchmarks import peers


def tutorial(images):
    """The tutorial's loop: its step, and a function that shuffles an epoch."""
    loop = peers.TutorialLoop(
        peers.tutorial_generator(), peers.tutorial_discriminator()
    )
    dataset = peers.tutorial_dataset(images.astype("float32") / 127.5 - 1)
    return loop.step, lambda: dataset


def guide(images):
    """The guide's."""
    loop = peers.GuideLoop(peers.guide_generator(), peers.guide_discriminator())
    dataset = peers.guide_dataset(images.astype("float32") / 255)
    return loop.step, lambda: dataset


def torch(images):
    """That of PyTorch's example."""
    try:
        from benchmarks import torch_peer
    except ModuleNotFoundError as error:
        raise SystemExit(f"--against torch needs PyTorch: {error}") from error

    loop = torch_peer.ExampleLoop(peers.BATCH_SIZE)
    return loop.step, lambda: loop.batches(images)


class Peer(typing.NamedTuple):
    """Whom to race against, and with what."""

    loop: typing.Callable
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
        lambda: peers.guide_generator("tanh"),  # our images: -1 to 1
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


class Ring:
    """Threads that work in turn, one at a time.

    Args:
        names: Of the threads, in their order.
    """

    def __init__(self, names):
        self.names = list(names)
        self.moved = threading.Condition()

    def wait(self, name):
        """Returns when it is the turn of the thread of that name."""
        with self.moved:
            self.moved.wait_for(lambda: self.names[0] == name)

    def pass_on(self):
        """The next one's turn; called by the one whose turn it is."""
        with self.moved:
            self.names.append(self.names.pop(0))
            self.moved.notify_all()

    def leave(self, name):
        with self.moved:
            self.names.remove(name)
            self.moved.notify_all()


class Clock:
    """Runs while its owner works: on the clock, and of processor time.

    Args:
        ring, name: The `Ring`, and the owner's name in it.
        turn: Int, after how many steps it is the others' turn.
    """

    def __init__(self, ring, name, turn):
        self.ring = ring
        self.name = name
        self.turn = turn
        self.steps = 0
        self.epochs = []
        self.spent = np.zeros(2)

    @staticmethod
    def now():
        return np.array([time.perf_counter(), time.process_time()])

    def start(self):
        self.ring.wait(self.name)
        self.since = self.now()

    def stop(self):
        self.spent += self.now() - self.since

    def step_end(self):
        self.steps += 1
        if self.steps % self.turn == 0:
            self.stop()
            self.ring.pass_on()
            self.start()

    def epoch_end(self):
        self.stop()
        self.epochs.append(self.spent)
        self.spent = np.zeros(2)
        self.since = self.now()


class Timing(keras.callbacks.Callback):
    """Tells a clock what `fit` does; the last of its callbacks."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def on_train_batch_end(self, batch, logs=None):
        self.clock.step_end()

    def on_epoch_end(self, epoch, logs=None):
        self.clock.epoch_end()


def loop(peer, images):
    """A published loop as a contestant: `train(epochs, clock)`."""
    step, batches = peer.loop(images)

    def train(epochs, clock):
        for _ in range(epochs):
            for batch in batches():
                step(batch)
                clock.step_end()
            clock.epoch_end()

    return train


def fit(peer, images, directory, jit_compile):
    """`GAN.fit` as a contestant: `train(epochs, clock)`."""
    gan = gk.GAN(generator=peer.generator(), discriminator=peer.discriminator())
    gan.compile(
        d_optimizer=keras.optimizers.Adam(peer.learning_rate),
        g_optimizer=keras.optimizers.Adam(peer.learning_rate),
        loss=gk.losses.NonSaturating(),
        penalties=[],
        jit_compile=jit_compile,
    )
    data = gk.datasets.pipeline(images, batch_size=peer.batch_size)

    def train(epochs, clock):
        callbacks = [gk.callbacks.SampleGrid(directory), Timing(clock)]
        gan.fit(data, epochs=epochs, callbacks=callbacks)

    return train


def race(contestants, rounds, turn):
    """Lets all contestants train, in turns.

    Args:
        contestants: Dict of functions `train(epochs, clock)` by name.
        rounds: How many epochs are timed, after one that is not: it traces
            and compiles.
        turn: Steps that one does before it is the next one's turn.

    Returns:
        `(first, times)`: by name, the seconds of the first epoch, and an
        array `[rounds, 2]` for the others: seconds on the clock, and seconds
        of processor time, of all threads together.
    """
    ring = Ring(contestants)
    clocks = {name: Clock(ring, name, turn) for name in contestants}

    def run(name):
        try:
            clocks[name].start()
            contestants[name](rounds + 1, clocks[name])
        finally:
            ring.leave(name)

    # The progress bar is drawn, for it is part of what `fit` costs, but not
    # among the results.
    with (
        open(os.devnull, "w", encoding="utf-8") as devnull,
        contextlib.redirect_stdout(devnull),
        futures.ThreadPoolExecutor(len(contestants)) as pool,
    ):
        for running in [pool.submit(run, name) for name in contestants]:
            running.result()
    epochs = {name: np.array(clock.epochs) for name, clock in clocks.items()}
    return (
        {name: times[0, 0] for name, times in epochs.items()},
        {name: times[1:] for name, times in epochs.items()},
    )


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
        "--turn", type=int, default=4, help="steps before the next one's turn"
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
        contestants = {
            options.against: loop(peer, images),
            "fit": fit(peer, images, os.path.join(directory, "a"), "auto"),
        }
        if options.xla:
            contestants["fit, XLA"] = fit(
                peer, images, os.path.join(directory, "b"), True
            )
        first, times = race(contestants, options.rounds, options.turn)
    print(
        f"{options.steps} steps of {peer.batch_size} images an epoch, "
        f"{options.rounds} epochs each"
    )
    print(table(first, times, options.against, peer.wanted))


if __name__ == "__main__":
    main()
