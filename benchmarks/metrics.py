"""What a whole evaluation costs: 10,000 against 10,000 images of 28x28.

    python -m benchmarks.metrics --data mnist.npz

Prints the seconds of the Fréchet distance alone and of the whole table with
all intervals and floors, and the most memory that the process held.
"""

import argparse
import resource
import time

import numpy as np

import gan_keras as gk
from benchmarks import classifiers

SAMPLES = 10_000


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    classifiers.add_arguments(parser)
    options = parser.parse_args(arguments)
    (images, _), _ = classifiers.real_digits(options.data)
    images = np.resize(images, (3 * SAMPLES, *images.shape[1:]))
    train, held_out, samples = np.split(images, 3)

    def timed(name, function):
        start = time.perf_counter(), time.process_time()
        result = function()
        print(
            f"{name}: {time.perf_counter() - start[0]:.1f} s, "
            f"{time.process_time() - start[1]:.1f} s of processor time"
        )
        return result

    evaluator = timed(
        "features of both real sets",
        lambda: gk.metrics.Evaluator(train, held_out, samples=SAMPLES),
    )
    timed("Fréchet distance alone", lambda: evaluator.frechet(samples))
    print(timed("everything", lambda: evaluator(samples)))
    mebibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"most memory: {mebibytes:,.0f} MiB")


if __name__ == "__main__":
    main()
