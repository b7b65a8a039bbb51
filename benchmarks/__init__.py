"""Speed and quality of gan_keras, measured beside published baselines.

Nothing here is installed with the package: run it from the repository,
`python -m benchmarks.quality`, `python -m benchmarks.speed`.

- `classifiers`: two digit classifiers, the eyes of the quality benchmark.
- `quality`: judges 5,000 generated digits against real, held-out ones.
- `peers`: the training loop of a published tutorial, to race against.
- `speed`: `gan_keras.GAN.fit` against that loop, on the same machine.
"""
