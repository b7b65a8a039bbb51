"""Where G begins to draw, and where D ends to look."""

import keras
import tensorflow as tf

register = keras.saving.register_keras_serializable("gan_keras")


@register
class LearnedMap(keras.layers.Layer):
    """A small map that is always the same, in strengths that are given.

    Formula: `y[h, w, c] = x[c] * map[h, w, c]`

    z does not say *where* anything is; it says how strongly each of C learned
    patterns takes part. A Dense layer to all of H x W x C numbers, as DCGAN
    has, would need H x W times as many weights.

    Source: Huang et al., 2025, arXiv:2501.05441, whose generator begins with
    such a basis of 4x4 maps.

    Args:
        size: Tuple `(height, width)` of the map.
        **kwargs: As of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `[batch, C]`.

    Returns:
        Float tensor `[batch, height, width, C]`.
    """

    def __init__(self, size, **kwargs):
        super().__init__(**kwargs)
        self.size = tuple(size)

    def build(self, input_shape):
        self.map = self.add_weight(
            shape=(*self.size, input_shape[-1]),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            name="map",
        )

    def call(self, inputs):
        return inputs[:, None, None] * tf.convert_to_tensor(self.map)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.size, input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "size": self.size}


@register
class LearnedPooling(keras.layers.Layer):
    """How much of a learned pattern each channel of a map has.

    Formula: `y[c] = sum over h, w of x[h, w, c] * map[h, w, c]`

    The mirror image of `LearnedMap`: there strengths become a map, here a map
    becomes strengths again, where a mean over all places would forget what
    was where. (It is a depthwise convolution as large as the map, written as
    a sum: TensorFlow's gradient of the former took 7 % of R3GAN's step.)

    Source: Huang et al., 2025, arXiv:2501.05441, whose discriminator ends so.

    Args:
        map_constraint: A `keras.constraints.Constraint` of the map, or None.
        **kwargs: As of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `[batch, height, width, C]`.

    Returns:
        Float tensor `[batch, C]`.
    """

    def __init__(self, map_constraint=None, **kwargs):
        super().__init__(**kwargs)
        self.map_constraint = keras.constraints.get(map_constraint)

    def build(self, input_shape):
        height, width = input_shape[1:3]
        # As many terms as places: then y varies about as much as x.
        spread = keras.initializers.RandomNormal(
            stddev=(height * width) ** -0.5
        )
        self.map = self.add_weight(
            shape=tuple(input_shape[1:]),
            initializer=spread,
            constraint=self.map_constraint,
            name="map",
        )

    def call(self, inputs):
        weighed = inputs * tf.convert_to_tensor(self.map)
        return tf.reduce_sum(weighed, axis=[1, 2])

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[-1])

    def get_config(self):
        constraint = keras.constraints.serialize(self.map_constraint)
        return {**super().get_config(), "map_constraint": constraint}
