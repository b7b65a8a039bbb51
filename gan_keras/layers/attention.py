"""Places of an image that look at each other."""

import keras
import tensorflow as tf

from gan_keras.layers.spectral import SpectralNormalization

register = keras.saving.register_keras_serializable("gan_keras")


@register
class SelfAttention(keras.layers.Layer):
    """Lets every place of a map take what it needs from all others.

    Formula: `y = x + gain * (softmax(q k') v) w`, with queries `q = x w_q`,
    keys `k = x w_k` and values `v = x w_v` at every place.

    A 3x3 convolution sees its neighbours; that the left end of a 0 must meet
    its right end, it can only hear of layer by layer. Here each place asks a
    question (query), compares it with what every place has to offer (key),
    and takes their values in proportion.

    `gain` is learned and begins at 0: a network first learns from the
    neighbours, and then from further away.

    Source: Zhang et al., 2019 (SAGAN), arXiv:1805.08318. Values have C / 2
    channels, as in the authors' program (the paper: C / 8); keys and values
    are kept at all places, as in the paper (the program: at every fourth).

    Args:
        spectral: Boolean, whether `SpectralNormalization` is put around the
            four matrices w, as SAGAN does in both players.
        kernel_constraint: A `keras.constraints.Constraint` of each of the
            four matrices, or None.
        gain_constraint: The same of the gain.
        **kwargs: As of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor `[batch, H, W, C]`.
        training: Boolean; with `spectral`, whether sigma is refined.

    Returns:
        Float tensor `[batch, H, W, C]`.
    """

    def __init__(
        self,
        spectral=False,
        kernel_constraint=None,
        gain_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.spectral = spectral
        self.kernel_constraint = keras.constraints.get(kernel_constraint)
        self.gain_constraint = keras.constraints.get(gain_constraint)

    def build(self, input_shape):
        channels = input_shape[-1]
        few, half = max(channels // 8, 1), max(channels // 2, 1)
        self.queries = self._matrix("queries", channels, few)
        self.keys = self._matrix("keys", channels, few)
        self.values = self._matrix("values", channels, half)
        self.back = self._matrix("back", half, channels)
        self.gain = self.add_weight(
            shape=(),
            initializer="zeros",
            constraint=self.gain_constraint,
            name="gain",
        )

    def _matrix(self, name, inputs, outputs):
        """A 1x1 convolution: a Dense layer, the same at every place."""
        layer = keras.layers.Dense(
            outputs,
            use_bias=False,
            kernel_constraint=self.kernel_constraint,
            dtype=self.dtype_policy,
            name=name,
        )
        if self.spectral:
            layer = SpectralNormalization(layer)
        layer.build((None, None, inputs))
        return layer

    def attention(self, inputs, training=False):
        """Who looks at whom; worth a plot.

        Args:
            inputs: Float tensor `[batch, H, W, C]`.
            training: Boolean, as of the call.

        Returns:
            Float32 tensor `[batch, H * W, H * W]`: row i says how place i
            divides its attention. Each row sums to 1.
        """
        places = self._places(inputs)
        queries = self.queries(places, training=training)
        keys = self.keys(places, training=training)
        likeness = tf.matmul(queries, keys, transpose_b=True)
        # float32: rounded to half precision, the shares do not sum to 1.
        return tf.nn.softmax(tf.cast(likeness, tf.float32))

    def call(self, inputs, training=False):
        values = self.values(self._places(inputs), training=training)
        shares = tf.cast(self.attention(inputs, training), values.dtype)
        seen = self.back(shares @ values, training=training)
        return inputs + self.gain * tf.reshape(seen, tf.shape(inputs))

    def _places(self, inputs):
        height, width, channels = inputs.shape[1:]
        return tf.reshape(inputs, [-1, height * width, channels])

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        constraint = self.kernel_constraint
        if self.built:
            # `clip_weights` tells the layers inside, all four alike.
            queries = self.queries.layer if self.spectral else self.queries
            constraint = queries.kernel_constraint
        return {
            **super().get_config(),
            "spectral": self.spectral,
            "kernel_constraint": keras.constraints.serialize(constraint),
            "gain_constraint": keras.constraints.serialize(
                self.gain_constraint
            ),
        }
