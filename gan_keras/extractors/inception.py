"""Inception v3, the network behind the standard FID."""

import functools

import keras
import tensorflow as tf
from keras import layers

from gan_keras.extractors.base import Extractor
from gan_keras.precision import precision

SIDE = 299


@functools.cache
@precision("float32")  # as it was trained, whatever the global policy
def inception(weights="imagenet"):
    """The extractor of the Fréchet *Inception* distance, 2,048 features.

    Images of any size are resized to 299x299 (bilinear, with antialiasing
    where they shrink) and stay in [-1, 1], as the network was trained; grey
    ones are shown as three equal channels. The features are the average of
    the last maps over all places. Heusel et al. (2017, arXiv:1706.08500)
    used an older set of weights of the same network: compare figures only
    with figures of one set.

    Args:
        weights: `"imagenet"`: Keras' own, which are downloaded once, some
            90 MB, unless they lie in Keras' cache; or the path of a file
            with weights of `keras.applications.InceptionV3` without top.

    Returns:
        An `Extractor` whose figures are called `fid_inception` and
        `kid_inception`.

    Raises:
        ValueError: If the weights are not there and cannot be downloaded.
    """
    try:
        network = keras.applications.InceptionV3(
            include_top=False,
            weights=weights,
            pooling="avg",
            input_shape=(SIDE, SIDE, 3),
        )
    except Exception as error:
        raise ValueError(
            "The weights of Inception v3 cannot be had: "
            f"{' '.join(str(error).split())[:200]}. Without a network use "
            '`gk.extractors.get("digits")` or fit one of your own with '
            "`gk.extractors.fit(images)`; or give the path of a file, "
            f"`gk.extractors.inception(path)`. Received: weights={weights!r}"
        ) from error
    images = keras.Input((None, None, None), name="images")
    features = network(Preparation()(images))
    return Extractor(
        "inception",
        keras.Model(images, features, name="inception"),
        prefixes={"fd": "fid", "kd": "kid"},
        standard=weights == "imagenet",
    )


@keras.saving.register_keras_serializable("gan_keras")
class Preparation(layers.Layer):
    """Resizes to what Inception was trained on; grey becomes colour."""

    def call(self, images):
        images = tf.image.resize(images, (SIDE, SIDE), antialias=True)
        channels = tf.shape(images)[-1]
        images = tf.repeat(images, 3 // channels, axis=-1)
        return tf.ensure_shape(images, (None, SIDE, SIDE, 3))

    def compute_output_shape(self, shape):
        return (shape[0], SIDE, SIDE, 3)
