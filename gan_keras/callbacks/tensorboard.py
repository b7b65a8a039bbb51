"""What TensorBoard should show of a GAN."""

import glob
import os

import keras
import tensorflow as tf
from tensorflow.core.util import event_pb2

from gan_keras import checks
from gan_keras import state
from gan_keras.files import replace_file
from gan_keras.optimizer_pair import learning_rate

# What our event files' names end in: `keras.callbacks.TensorBoard` may write
# to the same directory.
SUFFIX = ".gan_keras"


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
        rows: Int, rows of the grid; if not given 8, or one for each class, 32
            at most.
        columns: Int, columns of the grid.
        seed: Int, seed of the fixed latent vectors.
        histograms: Boolean, whether to write weights and gradients each
            epoch; the gradients are taken on the first batch of the data.
        graph: Boolean, whether to write the training step's graph. It is
            traced once more for that, which takes some seconds.
    """

    writes_files = True  # and nothing else: for the chief worker only

    def __init__(
        self,
        log_dir,
        rows=None,
        columns=8,
        seed=0,
        histograms=False,
        graph=False,
    ):
        super().__init__()
        checks.count(rows=8 if rows is None else rows, columns=columns)
        self.log_dir = os.fspath(log_dir)
        self.rows = rows
        self.columns = columns
        self.seed = seed
        self.histograms = histograms
        self.graph = graph
        self._writer = None

    def on_train_begin(self, logs=None):
        self._writer = None
        self._inputs = self.model.grid_inputs(
            self.rows, self.columns, self.seed
        )

    def on_epoch_begin(self, epoch, logs=None):
        if self._writer is not None:
            return
        # The first epoch of this `fit`: what an earlier one has written of
        # it, and of the epochs after it, is about to be written again.
        directory = os.path.join(self.log_dir, "train")
        drop_events_after(directory, epoch)
        self._writer = event_writer(directory)
        if self.graph and epoch == 0:
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
                rate = learning_rate(optimizer)
                tf.summary.scalar(f"{player}_learning_rate", rate, step)
            self._write_samples(step)
            if self.histograms:
                self._write_histograms(step)
        self._writer.flush()

    def on_train_end(self, logs=None):
        if self._writer is not None:
            self._writer.close()

    def _write_samples(self, step):
        from gan_keras.plots import image_grid

        if len(self.model.sample_shape) != 3:
            return  # points have no picture
        grid = image_grid(self.model.generate_from(self._inputs), self.columns)
        tf.summary.image("samples", grid[None], step)

    def _write_histograms(self, step):
        gan = self.model
        for network, gradients in gradients_by_network(gan).items():
            for variable, gradient in zip(
                network.trainable_variables, gradients
            ):
                name = f"{network.name}/{variable.path}"
                tf.summary.histogram(f"weights/{name}", variable.value, step)
                tf.summary.histogram(f"gradients/{name}", gradient, step)

    def _write_graph(self):
        function = tf.function(self.model.train_step)
        step = function.get_concrete_function(self.model.example_batch)
        with self._writer.as_default():
            tf.summary.graph(step.graph.as_graph_def())


def gradients_by_network(gan):
    """The gradients of both players as they stand, changing nothing.

    Args:
        gan: A compiled `GAN` in `fit`.

    Returns:
        Dict from network to the list of gradients of its trainable
        variables, taken on the first batch of the training data.
    """
    with state.kept(gan):
        real_images, labels = gan.turns(
            tf.nest.map_structure(tf.convert_to_tensor, gan.example_batch)
        )[0]
        batch, tape = gan.make_fakes(real_images, labels)
        d_gradients, _ = gan.discriminator_gradients(batch)
        g_gradients, _ = gan.generator_gradients(batch, tape)
    return {gan.discriminator: d_gradients, gan.generator: g_gradients}


def event_writer(directory):
    """A writer of event files that `drop_events_after` knows again."""
    return tf.summary.create_file_writer(directory, filename_suffix=SUFFIX)


def drop_events_after(directory, step):
    """Takes the later steps out of our own TensorBoard event files.

    Args:
        directory: The event files' directory; may be missing.
        step: Int, the last step to keep; 0 drops the files.
    """
    pattern = f"events.out.tfevents.*{SUFFIX}"
    for path in glob.glob(os.path.join(glob.escape(directory), pattern)):
        # (A partial one was left behind by a process that was killed here.)
        if step == 0 or path.endswith(f".partial{SUFFIX}"):
            os.remove(path)
            continue
        kept = []
        try:
            for record in tf.data.TFRecordDataset(path).as_numpy_iterator():
                if event_pb2.Event.FromString(record).step <= step:
                    kept.append(record)
        except tf.errors.DataLossError:
            pass  # cut off in the middle of an event when it was killed

        def write(path, kept=kept):
            with tf.io.TFRecordWriter(path) as writer:
                for record in kept:
                    writer.write(record)

        replace_file(path, write)
