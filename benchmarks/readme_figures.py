"""Makes the README's pictures from a run's directory.

python -m benchmarks.readme_figures runs/dcgan-digits docs
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from gan_keras.gif import GrowingGIF

FRAMES = 36


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Make the README's pictures.")
    parser.add_argument("run", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    options.out.mkdir(exist_ok=True)

    grids = sorted((options.run / "samples").glob("epoch_*.png"))
    # Most happens early: the frames lie evenly on a logarithmic scale.
    wanted = np.geomspace(1, len(grids), FRAMES).round().astype(int) - 1
    gif = GrowingGIF(options.out / "training.gif", last=-1)
    for i in sorted(set(wanted)):
        gif.append(small(grids[i]))
    small(grids[-1]).save(options.out / "samples.png", optimize=True)
    shutil.copy(options.run / "losses.png", options.out / "losses.png")


def small(path):
    """A grid at 60 % of its size, in sixteen greys."""
    image = Image.open(path).convert("L")
    size = (round(image.width * 0.6), round(image.height * 0.6))
    image = image.resize(size, Image.Resampling.LANCZOS)
    return image.quantize(16).convert("L")


if __name__ == "__main__":
    main()
