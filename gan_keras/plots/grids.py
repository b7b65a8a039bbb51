"""Images in rows, for files and GIFs."""

import numpy as np


def image_grid(images, columns=8, padding=2, min_width=480):
    """Lays images out in rows.

    Args:
        images: Float array `[n, height, width, channels]` in [-1, 1], or
            uint8.
        columns: Int, images in a row.
        padding: Int, pixels between images.
        min_width: Int; small images are enlarged by a whole factor (every
            pixel stays a sharp square) until the grid is about this wide.

    Returns:
        Uint8 array `[grid height, grid width, channels]`.
    """
    from gan_keras.datasets import to_uint8

    images = np.asarray(images)
    if images.ndim != 4:
        raise ValueError(
            "`images` must have shape [n, height, width, channels]. "
            f"Received: shape {images.shape}"
        )
    if images.dtype != np.uint8:
        images = to_uint8(images)
    n, height, width, channels = images.shape
    columns = min(columns, n)
    rows = -(-n // columns)
    scale = max(1, round(min_width / (columns * (width + padding))))
    grid = np.full(
        (
            rows * (height + padding) - padding,
            columns * (width + padding) - padding,
            channels,
        ),
        # A middle grey: neither ink nor paper, so that every cell's edge
        # shows and an empty cell is not taken for a black image.
        128,
        np.uint8,
    )
    for i, image in enumerate(images):
        top = (i // columns) * (height + padding)
        left = (i % columns) * (width + padding)
        grid[top : top + height, left : left + width] = image
    return grid.repeat(scale, axis=0).repeat(scale, axis=1)


def caption(grid, text):
    """Puts text under a grid.

    Args:
        grid: Uint8 array `[height, width, channels]`.
        text: String, of one line or several.

    Returns:
        A `PIL.Image.Image`.
    """
    from PIL import Image
    from PIL import ImageDraw
    from PIL import ImageFont

    grid = Image.fromarray(grid[..., 0] if grid.shape[2] == 1 else grid)
    height = grid.height + 4 + 20 * len(text.splitlines())
    image = Image.new(grid.mode, (grid.width, height), "white")
    image.paste(grid, (0, 0))
    ImageDraw.Draw(image).text(
        (4, grid.height + 4),
        text,
        fill="black",
        font=ImageFont.load_default(15),
    )
    return image


def row_titles(grid, titles):
    """Puts a title to the left of every row of a grid.

    Args:
        grid: Uint8 array `[height, width, channels]`.
        titles: List of strings, one for each row; long ones are cut.

    Returns:
        Uint8 array, wider than the grid.
    """
    from PIL import Image
    from PIL import ImageDraw
    from PIL import ImageFont

    font = ImageFont.load_default(15)
    titles = [t if len(t) <= 20 else f"{t[:18]}.." for t in titles]
    margin = 8 + max(int(font.getlength(title)) for title in titles)
    strip = Image.new("L", (margin, len(grid)), "white")
    draw = ImageDraw.Draw(strip)
    for i, title in enumerate(titles):
        middle = (i + 0.5) * len(grid) / len(titles)
        draw.text((4, middle), title, fill="black", font=font, anchor="lm")
    strip = np.repeat(np.asarray(strip)[..., None], grid.shape[2], axis=2)
    return np.concatenate([strip, grid], axis=1)


def contact_sheet(found):
    """Some images of a folder, as a network will see them.

    With one row for each class, its name beside it. Below are the counts, the
    sizes that the files have, and how many are broken or hold the same image.

    Args:
        found: A `gan_keras.datasets.Inspection`.

    Returns:
        A `PIL.Image.Image`.

    Raises:
        ValueError: If it has no examples, as the sizes differ.
    """
    if found.examples is None:
        raise ValueError(
            f"The images in {found.path} differ in size, and a network needs "
            "one: pass `image_size` (--image-size). "
            f"Received: {len(found.sizes)} sizes"
        )
    height, width, channels = found.examples.shape[1:]
    text = (
        f"{found.files:,} files, shown as {width}x{height} "
        f"{'colour' if channels == 3 else 'grey'}\n"
        f"of {found.size_list(2)}\n"
        f"{len(found.broken):,} broken, {found.repeated:,} with another's image"
    )
    names = found.example_classes
    if names is None:
        return caption(image_grid(found.examples, columns=8), text)
    classes = [*dict.fromkeys(names)]
    columns = max(map(names.count, classes))
    cells = np.full(
        (len(classes), columns, height, width, channels), 128, np.uint8
    )
    for row, name in zip(cells, classes):
        images = found.examples[[n == name for n in names]]
        row[: len(images)] = images
    grid = image_grid(cells.reshape(-1, height, width, channels), columns)
    return caption(row_titles(grid, classes), text)
