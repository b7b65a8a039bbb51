"""`--minutes`: how many steps fit in, and a plan that follows the clock."""

import math
import time

from gan_keras import callbacks

# Epochs at the least, with --minutes, and steps of an epoch at the least,
# where their number is left to us.
PARTS = 20
SLACK = 2  # with --minutes: how much faster the machine may become


def seconds_a_step(gan, data, minutes):
    """How long a training step takes, measured on this machine.

    A few steps are timed, for about a hundredth of so many minutes at the
    most, and then undone: the run that follows begins where any other would.
    The fastest count: what other programs took for a moment says nothing of
    the whole run.
    """
    variables = [*gan.variables, *gan.optimizer.variables]
    before = [v.numpy() for v in variables]
    step = gan.make_train_function() or gan.train_function
    batches = iter(data.repeat())
    step(batches)  # traces and compiles
    calls = math.ceil(8 / gan.steps_per_execution)
    steps = calls * gan.steps_per_execution
    times = []
    for _ in range(5):
        start = time.monotonic()
        for _ in range(calls):
            logs = step(batches)
        float(logs["d_loss"])  # waits for the steps to be done
        times.append((time.monotonic() - start) / steps)
        if steps * sum(times) > 0.01 * 60 * minutes:
            break
    for variable, value in zip(variables, before):
        variable.assign(value)
    gan.reset_metrics()
    return min(times)


class RecordedDeadline(callbacks.Deadline):
    """Writes its newest plan down, for `--resume` to follow.

    After every epoch, since a run that is killed has no last chance to. The
    checkpoint of that epoch is written later: it never lacks its plan.

    Args:
        minutes: As of `Deadline`.
        first: Int, the epochs of the first plan.
        write: Callable of the planned number of epochs.
    """

    def __init__(self, minutes, first, write):
        super().__init__(minutes)
        self.first = first
        self.write = write

    def on_train_begin(self, logs=None):
        super().on_train_begin(logs)
        # For `Pace`, which would tell the time for all that the machine
        # might do if it became much faster.
        self.params["epochs"] = self.first

    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self.epochs is not None:
            self.write(self.epochs)
