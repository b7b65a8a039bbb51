"""Does training take more memory when the folder is larger?

    python -m benchmarks.streaming --scratch DIR

makes 100,000 small JPEGs in DIR, trains the colour recipe on a tenth of them
and on all, each in a process of its own with the command's default settings,
and prints the peaks of resident memory, how long decoding took, and the
processor time that a batch of images takes beside the time of a training
step. That is work, not waiting: batches are made while the step before is
still computed, and how much the step waits for them is not measured.
"""

import argparse
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

COUNTS = (10_000, 100_000)


def make_images(folder, count):
    """Colourful noise of a few blots: 64x64 JPEGs."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for i in range(count):
        path = folder / f"{i:06d}.jpg"
        blots = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        if not path.exists():
            Image.fromarray(blots).resize((64, 64), 2).save(path)


def train(folder, scratch, steps):
    """Trains, and prints one line."""
    import gan_keras as gk
    from gan_keras.datasets.decoded import MEMORY

    begin = time.monotonic()
    images, _ = gk.datasets.load(
        folder,
        split="all",
        image_size=64,
        memory=MEMORY,
        directory=scratch,
    )
    decoding = time.monotonic() - begin
    data = gk.datasets.pipeline(
        images, batch_size=32, flip=True, epoch_size=32 * steps
    )
    gan = gk.recipes.dcgan((64, 64, 3), steps=steps)
    gan.fit(data, epochs=1, verbose=0)
    begin = time.monotonic()
    gan.fit(data, epochs=1, verbose=0)
    step = (time.monotonic() - begin) / steps
    begin = time.process_time()
    for _ in data:
        pass
    batch = (time.process_time() - begin) / steps
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{len(images):7,} images in {type(images).__name__}: peak {peak:.0f} "
        f"MiB, decoded in {decoding:.0f} s, step {1000 * step:.0f} ms, its "
        f"images {1000 * batch:.1f} ms of processor time ({batch / step:.1%})"
    )


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scratch", required=True, type=Path)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--folder", type=Path, help="(one process' part)")
    options = parser.parse_args(arguments)
    if options.folder is not None:
        return train(options.folder, options.scratch, options.steps)
    for count in COUNTS:
        folder = options.scratch / str(count)
        make_images(folder, count)
        command = [sys.executable, "-m", "benchmarks.streaming"]
        command += ["--scratch", options.scratch, "--folder", folder]
        subprocess.run([*command, "--steps", str(options.steps)], check=True)


if __name__ == "__main__":
    main()
