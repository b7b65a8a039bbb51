"""Where does the time of a training step go?

    python -m benchmarks.operations               # the default recipe
    python -m benchmarks.operations --recipe cgan

Runs the XLA program of a training step under TensorFlow's profiler, on one
thread (with several, an operation's share on the others is not seen), and adds
up what its operations take. For every convolution it also times a bare matrix
product that multiplies as often: a convolution *is* such a product, of as many
rows as there are places in all maps of the batch, with one column for every
channel that comes out. (The 0.01 ms that TensorFlow takes to begin are in it.)
Small products cannot reach what large ones do; the last line says how much of
the machine the step would reach if each convolution were as fast as its
product, and nothing else took any time.
"""

import argparse
import collections
import re
import tempfile
import time
from pathlib import Path

import numpy as np
import tensorflow as tf

from gan_keras import recipes

# Operations by their names, the first that fits.
KINDS = {
    "convolutions": r"convolution|Conv2D",
    "matrix products": r"dot|MatMul|ynn",
    "copies into another layout": r"copy|transpose",
    "number by number": r"",
}


def compiled(name):
    """A recipe's step, compiled, and the text of its program.

    Args:
        name: String, a recipe for 28x28 images.

    Returns:
        Tuple of a callable without arguments and a string.
    """
    recipe = recipes.get(name)
    classes = {"num_classes": 10} if recipe.classes else {}
    gan = recipe((28, 28, 1), steps=1000, seed=0, **classes)
    data = tf.random.uniform([recipe.batch_size, 28, 28, 1], -1, 1)
    if recipe.classes:
        data = (data, tf.range(recipe.batch_size) % 10)
    step = tf.function(gan.train_step, jit_compile=True)
    text = step.experimental_get_compiler_ir(data)(stage="optimized_hlo")
    return lambda: step(data), text


def profiled(step, count):
    """Milliseconds and calls a step of all operations, by their names."""
    from tensorflow.tsl.profiler.protobuf import xplane_pb2

    step()
    with tempfile.TemporaryDirectory() as directory:
        tf.profiler.experimental.start(directory)
        for _ in range(count):
            logs = step()
        float(logs["d_loss"])  # waits for the steps to be done
        tf.profiler.experimental.stop()
        (path,) = Path(directory).rglob("*.xplane.pb")
        space = xplane_pb2.XSpace.FromString(path.read_bytes())
    took, calls = collections.Counter(), collections.Counter()
    for plane in space.planes:
        for line in plane.lines:
            for event in line.events:
                name = plane.event_metadata[event.metadata_id].name
                took[name] += event.duration_ps / 1e9 / count
                calls[name] += 1 / count
    return took, calls


def instructions(text):
    """The program's own operations: a dict from names to their lines."""
    lines = text[text.index("\nENTRY") :].splitlines()
    form = re.compile(r"\s+(?:ROOT )?%?([\w.-]+) = (.*)")
    found = map(form.match, lines)
    return {match[1]: match[2] for match in found if match}


def shape(text):
    """The sizes in an array type such as `f32[32,7,7,32]{3,2,1,0}`."""
    sizes = re.match(r"\w+\[([\d,]*)\]", text)[1]
    return [int(size) for size in sizes.split(",") if size]


def product(line, others):
    """The matrix product that a convolution is.

    Args:
        line: String, the convolution in the text of the program.
        others: Dict of all lines by name.

    Returns:
        Tuple `(rows, terms, columns)`, or None for another operation.
    """
    if " convolution(" not in line:
        return None
    kernel = re.search(r"convolution\([^,]*, (?:\S+ )?%?([\w.-]+)\)", line)[1]
    *places, columns = shape(line)
    terms = int(np.prod(shape(others[kernel])[:-1]))
    # Zeros between the numbers of the map are not multiplied.
    for zeros in re.findall(r"lhs_dilate=(\d+)x(\d+)", line):
        terms //= int(np.prod([int(n) for n in zeros]))
    return int(np.prod(places)), terms, columns


def time_product(rows, terms, columns):
    """Milliseconds of a matrix product, the best of several times."""
    a, b = tf.random.normal([rows, terms]), tf.random.normal([terms, columns])
    count = max(5, int(2e9 / (rows * terms * columns)))
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        for _ in range(count):
            out = a @ b
        out.numpy()
        times.append((time.perf_counter() - begin) / count)
    return min(times) * 1e3


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recipe", default="dcgan")
    parser.add_argument("--steps", type=int, default=30)
    options = parser.parse_args(arguments)
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    step, text = compiled(options.recipe)
    lines = instructions(text)
    took, calls = profiled(step, options.steps)
    begin = time.perf_counter()
    for _ in range(options.steps):
        logs = step()
    float(logs["d_loss"])
    wall = (time.perf_counter() - begin) / options.steps * 1e3

    kinds, groups = collections.Counter(), collections.Counter()
    numbers, members = collections.Counter(), collections.Counter()
    for name in lines:
        if name not in took:
            continue
        kind = next(k for k, words in KINDS.items() if re.search(words, name))
        kinds[kind] += took[name]
        numbers[kind] += calls[name]
        sizes = product(lines[name], lines)
        if sizes:
            groups[sizes] += took[name]
            members[sizes] += calls[name]
    print(f"A step takes {wall:.1f} ms on one thread:\n")
    print("| operations | number | ms |\n| --- | --- | --- |")
    for kind, ms in kinds.most_common():
        print(f"| {kind} | {numbers[kind]:.0f} | {ms:.1f} |")
    print(f"| between them | | {wall - sum(kinds.values()):.1f} |")
    print("\n| rows x terms x columns | number | ms | GFLOP/s | bare product |")
    print("| --- | --- | --- | --- | --- |")
    total = ideal = 0
    for sizes, ms in groups.most_common():
        flop = 2 * np.prod(sizes) * members[sizes]
        alone = time_product(*sizes)
        total += flop
        ideal += alone * members[sizes]
        print(
            f"| {' x '.join(map(str, sizes))} | {members[sizes]:.0f} "
            f"| {ms:.2f} | {flop / ms / 1e6:.0f} "
            f"| {2 * np.prod(sizes) / alone / 1e6:.0f} |"
        )
    large = 2 * 3072**3 / time_product(3072, 3072, 3072) / 1e6
    print(
        f"\n{total / 1e9:.2f} GFLOP in convolutions. A product of 3072 x 3072 "
        f"x 3072: {large:.0f} GFLOP/s. If all convolutions were as fast as "
        f"their products, and took all of the time: "
        f"{total / ideal / 1e6:.0f} GFLOP/s, {total / ideal / 1e6 / large:.0%}."
    )


if __name__ == "__main__":
    main()
