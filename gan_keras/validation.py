"""The same game on images that D has not trained on: `evaluate`."""

import keras
import tensorflow as tf

from gan_keras import replicas


class Validating:
    """The part of `GAN` that measures and does not learn."""

    def test_step(self, data):
        """The same numbers on images that D has not trained on.

        A `val_d_real` far below `d_real` shows a D that learns the training
        images by heart. (But `d_real` is of images as D is trained with: the
        mean over an epoch, augmented, with dropout. To compare like with
        like, `evaluate` training images, too.)
        """
        real_images, labels, _ = keras.utils.unpack_x_y_sample_weight(data)
        real_images = self.as_samples(real_images)
        # Other noise for every batch: how many images there were before it.
        inputs = self.generator_inputs(
            tf.shape(real_images)[0], labels, self._means.seen
        )
        fake_images = self.generator(inputs, training=False)
        real_logits = self.discriminate(real_images, labels, training=False)
        fake_logits = self.discriminate(fake_images, labels, training=False)
        logs = {
            "d_loss": self.loss.discriminator(real_logits, fake_logits),
            "g_loss": self.loss.generator(real_logits, fake_logits),
            "d_real": self.loss.score(real_logits),
            "d_fake": self.loss.score(fake_logits),
        }
        self._means.update(logs)
        if self._means.images:
            fake_images = self.ema_generator(inputs, training=False)
            self._means.compare(real_images, fake_images)
        return replicas.loggable(self, self._means.results(logs))
