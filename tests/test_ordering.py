"""In the graph that TensorFlow runs, no weight changes while it is read."""

import pytest
import tensorflow as tf
from conftest import RECIPES
from conftest import data_for
from conftest import tiny_recipe
from tensorflow.python.eager import context  # there is no public way


def optimized_graph(function, *arguments):
    """What TensorFlow's graph optimizer makes of a `tf.function`."""
    context.context().enable_graph_collection()
    try:
        function(*arguments)
        functions = context.context().export_run_metadata().function_graphs
    finally:
        context.context().disable_graph_collection()
    graphs = [function.post_optimization_graph for function in functions]
    return max(graphs, key=lambda graph: len(graph.node))


def race_conditions(graph):
    """Pairs of a write and a read (or write) of a variable, in any order.

    Returns:
        Tuple of the number of operations on variables and a list of pairs
        of names.
    """
    parents = {
        node.name: {name.lstrip("^").split(":")[0] for name in node.input}
        for node in graph.node
    }
    ancestors = {}

    def before(name):
        """The names of everything that has happened when this happens."""
        waiting = [name]
        while waiting:
            node = waiting[-1]
            missing = [p for p in parents[node] if p not in ancestors]
            if missing:
                waiting += missing
                continue
            waiting.pop()
            ancestors[node] = parents[node].union(
                *(ancestors[p] for p in parents[node])
            )
        return ancestors[name]

    variables = {}
    for node in graph.node:
        if node.op.startswith(("ReadVariable", "Assign", "Resource")):
            variables.setdefault(node.input[0], []).append(node)
    found = [
        (write.name, other.name)
        for nodes in variables.values()
        for write in nodes
        if write.op.startswith("Assign")
        for other in nodes
        if other is not write
        and other.name not in before(write.name)
        and write.name not in before(other.name)
    ]
    return sum(map(len, variables.values())), found


@pytest.mark.parametrize("name", RECIPES)
def test_every_reading_of_a_weight_has_its_place(name):
    gan = tiny_recipe(name)
    assert not gan.jit_compile
    (batch,) = data_for(gan, steps=1)
    step = tf.function(gan.train_step)
    count, found = race_conditions(optimized_graph(step, batch))
    assert count > 4 * len(gan.trainable_variables)
    assert found == []


def test_a_race_would_be_found():
    variable = tf.Variable([1.0, 2.0])

    @tf.function
    def read_and_write(x):
        seen = tf.identity(variable)
        variable.assign_sub(x)
        return seen

    concrete = read_and_write.get_concrete_function(tf.TensorSpec([2]))
    graph = concrete.graph.as_graph_def()
    read, write = (
        next(node for node in graph.node if node.op == op)
        for op in ("ReadVariableOp", "AssignSubVariableOp")
    )
    assert race_conditions(graph) == (2, [])  # as TensorFlow traces it
    del write.input[2:]  # the edge that keeps them in order
    assert race_conditions(graph) == (2, [(write.name, read.name)])
