"""The commands that train nothing: pictures and figures of what there is."""

import os

from gan_keras import datasets
from gan_keras.cli.before import Patience
from gan_keras.cli.run_directory import load
from gan_keras.cli.run_directory import read_config
from gan_keras.files import replace_file
from gan_keras_cli.runs import holds_run


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
        gif = GrowingGIF(path, last=-1, frame_ms=80, hold_ms=80)
        for image in images:
            grid = plots.image_grid(image[None], 1, min_width=280)
            gif.append(
                Image.fromarray(grid[..., 0] if grid.shape[2] == 1 else grid)
            )

    replace_file(options.out, write)
    print(options.out)
    return 0
