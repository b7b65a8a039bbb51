"""Bad input, found before any training time is spent.

Every message names the argument, says what was received and what to do.
"""

import keras
import numpy as np
import tensorflow as tf

from gan_keras import replicas

_SCALE = (
    "Scale uint8 images with `gk.datasets.pipeline(images)`, or a dataset of "
    "your own with `dataset.map(gk.datasets.to_float)`."
)


def networks(generator, discriminator):
    """Do the two networks fit together?"""
    for name, network in [
        ("generator", generator),
        ("discriminator", discriminator),
    ]:
        if not isinstance(network, keras.Model):
            raise ValueError(
                f"`{name}` must be a `keras.Model`. "
                f"Received: {name}={network!r}"
            )
        if not network.built:
            raise ValueError(
                f"`{name}` is not built, so its shapes are not known. Begin "
                "it with a `keras.Input(shape)`, or call it on a batch once. "
                f"Received: {name}={network.name!r}"
            )
        precision(network)
    if generator is discriminator:
        raise ValueError(
            "`generator` and `discriminator` must be two networks. "
            f"Received: {generator.name!r} for both"
        )
    drawn = tuple(generator.output_shape[1:])
    judged = tuple(discriminator.input_shape[1:])
    if drawn != judged:
        raise ValueError(
            "`generator` must draw what `discriminator` judges: give both the "
            f"same `image_shape`. Received: generator output {drawn}, "
            f"discriminator input {judged}"
        )
    if tuple(discriminator.output_shape[1:]) != (1,):
        raise ValueError(
            "`discriminator` must end in one logit an image, e.g. "
            "`Dense(1)`. Received: output shape "
            f"{discriminator.output_shape}"
        )
    if last_activation(discriminator) == "sigmoid":
        raise ValueError(
            "`discriminator` must return logits, but ends in a sigmoid. Take "
            "it off: the losses apply it, in a way that does not overflow. "
            f"Received: {discriminator.layers[-1].name!r} as the last layer"
        )
    if len(drawn) == 3 and last_activation(generator) in ("sigmoid", "relu"):
        raise ValueError(
            "`generator` must draw images in [-1, 1]: end it in a tanh. "
            f"Received: {last_activation(generator)!r} at its end"
        )


def statistics(gan):
    """Do the networks' statistics hold for the whole batch?"""
    if not replicas.distributed(gan):
        return
    for network in (gan.generator, gan.discriminator):
        for layer in batch_norms(network):
            if not layer.synchronized:
                raise ValueError(
                    "Under a `tf.distribute` strategy every replica sees its "
                    "part of the batch only; its statistics would drift away "
                    "from the others'. Make the layer with "
                    "`BatchNormalization(synchronized=True)`. "
                    f"Received: layer {layer.name!r} of {network.name!r}"
                )


def scope(gan, **parts):
    """Were all parts made under the model's strategy?"""
    if not replicas.distributed(gan):
        return
    for argument, part in parts.items():
        for variable in getattr(part, "variables", ()):
            if not isinstance(variable.value, tf.distribute.DistributedValues):
                raise ValueError(
                    f"`{argument}` was made outside of the model's "
                    "`tf.distribute` strategy, so its variables would not "
                    "follow all replicas. Make it inside `with "
                    f"strategy.scope():`. Received: {argument}={part.name!r}"
                )


def batch_norms(network):
    """The BatchNormalization layers of a network, nested ones too."""
    return [
        layer
        for layer in network._flatten_layers()
        if isinstance(layer, keras.layers.BatchNormalization)
    ]


def penalties(gan, fines):
    """Can every image's own slope be told from the others'?"""
    per_image = [fine for fine in fines if getattr(fine, "per_image", False)]
    found = batch_norms(gan.discriminator)
    if per_image and found:
        raise ValueError(
            "`penalties` ask for D's slope at each image on its own, but "
            "BatchNorm lets the images of a batch change each other's scores. "
            "Take it out of the discriminator (LayerNormalization is fine), "
            "or pass `penalties=[]`. Received: penalty "
            f"{per_image[0].name!r} and layer {found[0].name!r}"
        )


def last_activation(network):
    """Name of the function that makes the network's output, or None."""
    if not network.layers:
        return None
    last = network.layers[-1]
    if isinstance(last, keras.layers.ReLU):
        return "relu"
    return getattr(getattr(last, "activation", None), "__name__", None)


def decay(ema_decay):
    if not (isinstance(ema_decay, (int, float)) and 0 <= ema_decay < 1):
        raise ValueError(
            "`ema_decay` must lie in [0, 1): 0.995 remembers some hundred "
            "steps, 0 turns the averaging off. "
            f"Received: ema_decay={ema_decay!r}"
        )


def count(**arguments):
    for name, value in arguments.items():
        if isinstance(value, bool) or not (
            isinstance(value, (int, np.integer)) and value >= 1
        ):
            raise ValueError(
                f"`{name}` must be a whole number, 1 or more. "
                f"Received: {name}={value!r}"
            )


def compilation(gan, jit_compile, run_eagerly):
    """Can the training step be compiled as asked?"""
    if jit_compile and run_eagerly:
        raise ValueError(
            "`jit_compile` and `run_eagerly` exclude each other: compiled "
            "code has no lines to stop at. Received: both True"
        )
    if jit_compile and replicas.distributed(gan):
        raise ValueError(
            "`jit_compile` must be False or 'auto' under a `tf.distribute` "
            "strategy: XLA cannot compile a step that speaks to other "
            f"replicas. Received: jit_compile={jit_compile!r}"
        )


def images(gan, batch, argument="images"):
    """Are these what D can judge, scaled as G draws them?"""
    if not hasattr(batch, "dtype") or not hasattr(batch, "shape"):
        raise ValueError(
            f"`{argument}` must hold arrays or tensors of images. "
            f"Received: {type(batch).__name__}"
        )
    expected = tuple(gan.discriminator.input_shape[1:])
    received = tuple(batch.shape)
    if received[1:] != expected:
        hint = ""
        if received[1:] + (1,) == expected:
            hint = " Add the channel axis: `images[..., None]`."
        raise ValueError(
            f"`{argument}` must have shape [batch, "
            f"{', '.join(map(str, expected))}], as the discriminator takes "
            f"them.{hint} Received: shape {received}"
        )
    if not tf.as_dtype(batch.dtype).is_floating:
        raise ValueError(
            f"`{argument}` must be floating point in [-1, 1]. {_SCALE} "
            f"Received: dtype {tf.as_dtype(batch.dtype).name}"
        )
    values = np.asarray(batch)
    if not np.isfinite(values).all():
        raise ValueError(
            f"`{argument}` must be finite. Received: NaN or infinite values"
        )
    if len(expected) != 3 or not values.size:
        return  # points in the plane have no fixed range
    low, high = float(values.min()), float(values.max())
    if low < -1.001 or high > 1.001:
        raise ValueError(
            f"`{argument}` must lie in [-1, 1], as the generator draws them. "
            f"{_SCALE} Received: values in [{low:g}, {high:g}]"
        )
    if low >= 0 and high > 0.5 and gan.generator.layers:
        # A whole batch without one pixel darker than middle grey.
        raise ValueError(
            f"`{argument}` seem to lie in [0, 1]; the generator draws in "
            f"[-1, 1]. Use `images * 2 - 1`. "
            f"Received: values in [{low:g}, {high:g}]"
        )


def training_data(gan, x, y=None, batch_size=None):
    """Makes batches of whatever `fit` was given, and looks at the first.

    Returns:
        Tuple of what `keras.Model.fit` should get as `x`, and its first batch
        (`None` for a generator, whose batches can be had only once).
    """
    if x is None:
        raise ValueError("`x` must be the real images. Received: x=None")
    if isinstance(x, tuple) and len(x) == 2 and y is None:
        x, y = x
    if isinstance(x, (np.ndarray, tf.Tensor)):
        from gan_keras.datasets import pipeline

        images(gan, x[:1024], "x")
        x = pipeline(
            np.asarray(x),
            y,
            batch_size=64 if batch_size is None else batch_size,
            seed=gan.seed,
        )
        y = batch_size = None
    if y is not None or batch_size is not None:
        raise ValueError(
            "`y` and `batch_size` go with arrays; a dataset brings its own. "
            f"Received: x of type {type(x).__name__}"
        )
    if isinstance(x, tf.data.Dataset):
        first = next(iter(x.take(1)), None)
        if first is None:
            raise ValueError(
                "`x` must hold at least one batch. Received: an empty "
                "dataset (is `batch_size` larger than the number of images?)"
            )
    elif isinstance(x, keras.utils.PyDataset):
        if x.num_batches == 0:
            raise ValueError(
                "`x` must hold at least one batch. Received: an empty dataset"
            )
        first = x[0]
    elif hasattr(x, "__next__"):
        return x, None
    else:
        raise ValueError(
            "`x` must be an array, a `tf.data.Dataset`, a "
            "`keras.utils.PyDataset` or a generator of batches. "
            f"Received: {type(x).__name__}"
        )
    real_images, labels, _ = keras.utils.unpack_x_y_sample_weight(first)
    images(gan, real_images, "x")
    return x, first


def fit_arguments(
    gan,
    epochs,
    callbacks=None,
    validation_data=None,
    validation_split=0.0,
    sample_weight=None,
    class_weight=None,
    **others,
):
    """Does everything else that `fit` was given make sense?"""
    count(epochs=epochs)
    for name, weight in [
        ("sample_weight", sample_weight),
        ("class_weight", class_weight),
    ]:
        if weight is not None:
            raise ValueError(
                f"`{name}` has no effect on a GAN: remove it, and show images "
                "that should count twice twice. "
                f"Received: {name} of type {type(weight).__name__}"
            )
    if validation_split:
        raise ValueError(
            "`validation_split` would change with the order of the images. "
            "Hold images out with `gk.datasets.load(name, split='test')`, or "
            "by slicing, and pass them as `validation_data`. Received: "
            f"validation_split={validation_split}"
        )
    if validation_data is not None:
        images(gan, first_images(validation_data), "validation_data")
    check_callbacks(callbacks)


def first_images(data):
    """Images of an array, of a pair with labels, or a data set's first."""
    if isinstance(data, tf.data.Dataset):
        data = next(iter(data.take(1)), None)
    elif isinstance(data, keras.utils.PyDataset):
        data = data[0]
    return data[0] if isinstance(data, (tuple, list)) else data


def latents(gan, vectors):
    """Are these what G can draw from?"""
    if np.ndim(vectors) != 2 or np.shape(vectors)[1] != gan.latent_dim:
        raise ValueError(
            f"`latents` must have shape [n, {gan.latent_dim}], as the "
            "generator takes them; `gan.draw_latents(n)` draws some. "
            f"Received: shape {tuple(np.shape(vectors))}"
        )


_NOT_FOR_GANS = {
    "TerminateOnNaN": "it looks at a value named `loss` only. Use "
    "`gk.callbacks.DivergenceGuard()`, which looks at all of them",
    "SwapEMAWeights": "it averages the weights of one optimizer's network and "
    "forgets BatchNorm's statistics. A GAN keeps its averaged generator "
    "itself: see `gan.ema_generator` and `GAN(ema_decay=...)`",
}


def check_callbacks(found):
    """Do Keras' own callbacks do here what they say?"""
    if found is None or isinstance(found, keras.callbacks.CallbackList):
        found = found.callbacks if found else []
    if isinstance(found, keras.callbacks.Callback):
        found = [found]
    for callback in found:
        name = type(callback).__name__
        if name in _NOT_FOR_GANS:
            raise ValueError(
                f"`callbacks`: keras.callbacks.{name} does not work with a "
                f"GAN: {_NOT_FOR_GANS[name]}. Received: {callback}"
            )
        monitor = getattr(callback, "monitor", None)
        if monitor in ("loss", "val_loss") and _waits(callback):
            raise ValueError(
                f"`callbacks`: {name} waits for {monitor!r}, but a GAN has "
                "two losses. Name the value and its better direction, e.g. "
                "monitor='g_loss', mode='min'; better one that measures the "
                "samples, as the losses do not tell their quality. "
                f"Received: monitor={monitor!r}"
            )


def _waits(callback):
    """Whether it makes use of its `monitor` at all."""
    return getattr(callback, "save_best_only", True)


def optimizer(name, optimizer):
    """Can this optimizer play its part?"""
    if getattr(optimizer, "use_ema", False):
        raise ValueError(
            f"`{name}` must not average weights itself (use_ema=True): it "
            "would leave out BatchNorm's statistics. The GAN keeps an averaged "
            "generator of its own: see `GAN(ema_decay=...)`. Received: "
            f"{name}={optimizer.name!r} with use_ema=True"
        )
    rate = getattr(optimizer, "_learning_rate", None)
    if (
        hasattr(rate, "numpy")
        and not float(tf.convert_to_tensor(rate.value)) > 0
    ):
        raise ValueError(
            f"`{name}` must have a learning rate above 0. Received: "
            f"learning_rate={float(tf.convert_to_tensor(rate.value)):g}"
        )


def precision(network):
    """Is the arithmetic wide enough?"""
    for layer in network._flatten_layers():
        if layer.compute_dtype == "float16":
            raise ValueError(
                "float16 is not supported: the gradients that a GAN's two "
                "players send each other fall below its smallest number. Use "
                "`keras.mixed_precision.set_global_policy('mixed_bfloat16')`, "
                "which has float32's range, before the networks are made. "
                f"Received: layer {layer.name!r} of {network.name!r} with "
                f"dtype policy {layer.dtype_policy.name!r}"
            )


def prepend_callback(callback, callbacks):
    """Puts our callback before the user's."""
    if isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks.append(callback)
        return callbacks
    if callbacks is None:
        callbacks = []
    if isinstance(callbacks, keras.callbacks.Callback):
        callbacks = [callbacks]
    return [callback, *callbacks]
