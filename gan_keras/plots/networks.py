"""Looking into a network, layer by layer."""

import keras
import numpy as np

from gan_keras.plots import style


def feature_maps(network, inputs, columns=8):
    """What each layer of D, or of G, makes of one image.

    A row for each layer, and in it some of its maps, each on its own scale:
    dark is little, light is much. Layers without maps (those that end in a
    vector) are drawn as a stripe of numbers.

    Args:
        network: A `keras.Model` with the layers in its graph, such as
            `gan.discriminator` or `gan.generator`.
        inputs: One input of it: for D an image, float `[H, W, C]` in [-1, 1],
            for G a latent vector, float `[latent_dim]`; with classes a list
            `[input, class weights]`.
        columns: Int, maps of a layer; the first ones.

    Returns:
        A `matplotlib.figure.Figure`.
    """
    parts = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    expected = [tuple(tensor.shape[1:]) for tensor in network.inputs]
    received = [np.shape(part) for part in parts]
    if received != expected:
        raise ValueError(
            "`inputs` must be one input of the network, without a batch axis: "
            f"{expected}. Received: {received}"
        )
    layers = [
        layer
        for layer in network.layers
        if not isinstance(
            layer,
            (keras.layers.InputLayer, keras.layers.Reshape,
             keras.layers.Flatten, keras.layers.Dropout),
        )
        and not isinstance(layer.output, (list, dict))
    ]  # fmt: skip
    inner = keras.Model(network.inputs, [layer.output for layer in layers])
    batch = [np.asarray(part, "float32")[None] for part in parts]
    found = inner(batch, training=False)
    rows = [
        (f"{layer.name}\n{'x'.join(map(str, values.shape[1:]))}", values)
        for layer, values in zip(layers, map(_first, found))
    ]

    heights = [0.8 if values.ndim == 4 else 0.35 for _, values in rows]
    figure = style.new_figure(sum(heights) * 1.1 + 0.5)
    figure.suptitle(
        "yellow is much, blue is little, on a scale of its own in each map",
        fontsize=9,
    )
    # Two columns' width for the names.
    cells = figure.add_gridspec(len(rows), columns + 2, height_ratios=heights)
    for i, (label, values) in enumerate(rows):
        name = figure.add_subplot(cells[i, :2])
        name.text(0, 0.5, label, va="center", fontsize=style.SMALL)
        style.bare(name)
        if values.ndim == 4:
            axes = [figure.add_subplot(cells[i, 2 + j]) for j in range(columns)]
            _maps(axes, values[0])
            continue
        axis = figure.add_subplot(cells[i, 2:])
        if values.size == 1:
            axis.text(0, 0.5, f"{values.item():.3f}", va="center", fontsize=9)
        else:
            axis.imshow(
                values, cmap=style.AMOUNT, aspect="auto",
                interpolation="nearest",
            )  # fmt: skip
        style.bare(axis)
    return figure


def _first(values):
    values = np.asarray(values, "float32")
    return values if values.ndim == 4 else values.reshape(1, -1)


def _maps(axes, values):
    """The first maps of `[H, W, channels]`, each on its own scale."""
    for i, axis in enumerate(axes):
        if i < values.shape[-1]:
            axis.imshow(values[..., i], cmap=style.AMOUNT)
        style.bare(axis)
