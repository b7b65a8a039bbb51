"""What TensorBoard should show of a GAN."""

import os

import keras
import numpy as np
import tensorflow as tf


class TensorBoardSamples(keras.callbacks.Callback):
    """Writes a training to TensorBoard: both players, and their pictures.

    Every epoch: all logged values (`epoch_d_loss`, ...), both learning
    rates, and a grid of samples from fixed noise. On request the networks'
    weights and their gradients as histograms, and once the graph of a
    training step, which Keras' own callback cannot draw for a model with a
    `train_step` of its own.

    Example:

    ```python
    gan.fit(data, callbacks=[gk.callbacks.TensorBoardSamples("logs/a")])
    # then:  tensorboard --logdir logs
    ```

    Args:
        log_dir: Where to write the event files.
        rows: Int, rows of the grid.
        columns: Int, columns of the grid.
        seed: Int, seed of the fixed latent vectors.
        histograms: Boolean, whether to write weights and gradients each
            epoch. The gradients are those that one more step on the epoch's
            last batch would use.
        graph: Boolean, whether to write the training step's graph. It is
            traced once more for that, which takes some seconds.
    """

    def __init__(
        self,
        log_dir,
        rows=8,
        columns=8,
        seed=0,
        histograms=False,
        graph=False,
    ):
        super().__init__()
        self.log_dir = os.fspath(log_dir)
        self.rows = rows
        self.columns = columns
        self.seed = seed
        self.histograms = histograms
        self.graph = graph
        self._writer = None

    def on_train_begin(self, logs=None):
        self._writer = tf.summary.create_file_writer(
            os.path.join(self.log_dir, "train")
        )
        self._latents = self.model.draw_latents(
            self.rows * self.columns, self.seed
        )
        if self.graph:
            self._write_graph()

    def on_epoch_end(self, epoch, logs=None):
        step = epoch + 1
        with self._writer.as_default():
            for name, value in (logs or {}).items():
                tf.summary.scalar(f"epoch_{name}", value, step)
            for player, optimizer in [
                ("d", self.model.d_optimizer),
                ("g", self.model.g_optimizer),
            ]:
                rate = float(optimizer.learning_rate)
                tf.summary.scalar(f"{player}_learning_rate", rate, step)
            self._write_samples(step)
            if self.histograms:
                self._write_histograms(step)
        self._writer.flush()

    def on_train_end(self, logs=None):
        self._writer.close()

    def _write_samples(self, step):
        from gan_keras.plots import image_grid

        grid = image_grid(self.model.generate_from(self._latents), self.columns)
        tf.summary.image("samples", grid[None], step)

    def _write_histograms(self, step):
        for network in (self.model.discriminator, self.model.generator):
            for variable in network.trainable_variables:
                tf.summary.histogram(
                    f"weights/{network.name}/{variable.path}",
                    np.asarray(variable),
                    step,
                )

    def _write_graph(self):
        shape = (None, *self.model.discriminator.input_shape[1:])
        step = tf.function(self.model.train_step).get_concrete_function(
            tf.TensorSpec(shape, tf.float32)
        )
        with self._writer.as_default():
            tf.summary.graph(step.graph.as_graph_def())
