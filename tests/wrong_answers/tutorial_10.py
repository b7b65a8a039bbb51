import numpy as np
import tensorflow as tf
from tensorboard.backend.event_processing import event_accumulator


def points(directory, tag, **kwargs):
    kwargs.setdefault("size_guidance", {event_accumulator.TENSORS: 0})
    events = event_accumulator.EventAccumulator(directory, **kwargs).Reload()
    found = events.Tensors(tag)
    return (
        [p.step for p in found],
        [float(tf.make_ndarray(p.tensor_proto)) for p in found],
    )


def counted(directory, tag, first=0):
    _, values = points(directory, tag)
    return list(range(first, first + len(values))), values


def backwards(directory, tag):
    steps, values = points(directory, tag)
    return steps[::-1], values[::-1]


def running(values, weight, start=0.0):
    out, total = [], start
    for value in values:
        total = weight * total + (1 - weight) * value
        out.append(total)
    return out


def corrected(values, weight):
    sums = running(values, weight)
    return [s / (1 - weight**n) for n, s in enumerate(sums, start=1)]


def last_one(runs):
    name = min(runs, key=lambda name: runs[name][-1])
    return name, len(runs[name])


def plain(runs, shift=1, choose=np.argmin, among=min):
    best = {name: int(choose(values)) for name, values in runs.items()}
    name = among(runs, key=lambda name: runs[name][best[name]])
    return name, best[name] + shift


def without_places(runs):
    return plain({n: [x for x in v if x == x] for n, v in runs.items()})


WRONG = {
    "read_scalars": [
        lambda directory, tag: points(directory, tag)[::-1],
        counted,
        lambda directory, tag: counted(directory, tag, first=1),
        lambda directory, tag: points(directory, tag, size_guidance=None),
        backwards,
        lambda directory, tag: points(directory, "epoch_d_loss"),
        lambda directory, tag: points(directory, tag)[1],
    ],
    "smoothed_curve": [
        running,
        lambda v, w: [v[0], *running(v[1:], w, v[0])],
        lambda v, w: np.cumsum(v) / np.arange(1, len(v) + 1),
        lambda v, w: corrected(v, 1 - w) if w else v,
        lambda v, w: v,
    ],
    "best_checkpoint": [
        last_one,
        plain,
        lambda runs: plain(runs, shift=0),
        lambda runs: plain(runs, choose=np.argmax, among=max),
        without_places,
    ],
}
