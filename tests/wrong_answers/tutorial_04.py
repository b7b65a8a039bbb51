import numpy as np
import tensorflow as tf


def d_step(loss_of):
    def step(discriminator, optimizer, real_images, fake_images):
        with tf.GradientTape() as tape:
            loss = loss_of(
                discriminator(real_images)[:, 0],
                discriminator(fake_images)[:, 0],
            )
        gradients = tape.gradient(loss, discriminator.trainable_variables)
        optimizer.apply(gradients, discriminator.trainable_variables)
        return loss

    return step


def g_step(loss_of, everybody=False, apply=True):
    def step(generator, discriminator, optimizer, latents):
        with tf.GradientTape() as tape:
            logits = discriminator(generator(latents))[:, 0]
            loss = tf.reduce_mean(loss_of(logits))
        learners = list(generator.trainable_variables)
        if everybody:
            learners += discriminator.trainable_variables
        if apply:
            optimizer.apply(tape.gradient(loss, learners), learners)
        return loss

    return step


softplus, mean = tf.nn.softplus, tf.reduce_mean


def d_loss(real, fake):
    return mean(softplus(-real) + softplus(fake))


def d_without_a_step(discriminator, optimizer, real_images, fake_images):
    return d_loss(
        discriminator(real_images)[:, 0], discriminator(fake_images)[:, 0]
    )


WRONG = {
    "saturating_slope": [
        lambda x: tf.sigmoid(x),
        lambda x: tf.sigmoid(x) - 1,
        lambda x: -1 / (1 - tf.sigmoid(x)),
        lambda x: tf.math.log(1 - tf.sigmoid(x)),
        lambda x: -tf.sigmoid(x) * (1 - tf.sigmoid(x)),
    ],
    "non_saturating_loss": [
        lambda x: tf.math.log(1 - tf.sigmoid(x)),
        lambda x: tf.nn.softplus(x),
        lambda x: tf.math.log(tf.sigmoid(x)),
        lambda x: -tf.math.log(tf.sigmoid(x)),  # infinite far out
        lambda x: np.log(1 + np.exp(-np.clip(x, -50, None))),
    ],
    "d_half_step": [
        d_step(lambda real, fake: mean(softplus(-real))),
        d_step(lambda real, fake: mean(softplus(fake))),
        d_step(lambda real, fake: mean(softplus(real) + softplus(-fake))),
        d_step(lambda real, fake: mean(softplus(-real) + softplus(-fake))),
        d_step(lambda real, fake: 6 * d_loss(real, fake)),
        d_step(lambda real, fake: d_loss(real, fake) / 2),
        d_step(lambda real, fake: -d_loss(real, fake)),
        d_step(lambda real, fake: mean(fake - real)),
        d_without_a_step,
    ],
    "g_half_step": [
        g_step(lambda x: softplus(x)),
        g_step(lambda x: -softplus(x)),
        g_step(lambda x: softplus(-x), everybody=True),
        g_step(lambda x: softplus(-x), apply=False),
        g_step(lambda x: -x),
    ],
}
