"""Solutions of tutorial 4."""

import tensorflow as tf


def saturating_slope(fake_logits):
    # d/dx log(1 - sigmoid(x)) = -1 / (1 - D) * D * (1 - D)
    return -tf.sigmoid(fake_logits)


def non_saturating_loss(fake_logits):
    return tf.nn.softplus(-fake_logits)


def d_half_step(discriminator, optimizer, real_images, fake_images):
    with tf.GradientTape() as tape:
        real_logits = discriminator(real_images, training=True)[:, 0]
        fake_logits = discriminator(fake_images, training=True)[:, 0]
        d_loss = tf.reduce_mean(
            tf.nn.softplus(-real_logits) + tf.nn.softplus(fake_logits)
        )
    gradients = tape.gradient(d_loss, discriminator.trainable_variables)
    optimizer.apply(gradients, discriminator.trainable_variables)
    return d_loss


def g_half_step(generator, discriminator, optimizer, latents):
    with tf.GradientTape() as tape:
        fake_images = generator(latents, training=True)
        fake_logits = discriminator(fake_images, training=True)[:, 0]
        g_loss = tf.reduce_mean(tf.nn.softplus(-fake_logits))
    gradients = tape.gradient(g_loss, generator.trainable_variables)
    optimizer.apply(gradients, generator.trainable_variables)
    return g_loss
