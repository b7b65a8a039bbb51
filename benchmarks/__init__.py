"""Speed and quality of gan_keras, measured beside published baselines.

Nothing here is installed with the package: run it from the repository, as
`python -m benchmarks.speed`. What was found is in `README.md` beside this.

How good, and when:

- `quality`: judges 5,000 generated digits against real, held-out ones.
- `quality_vs_time`: the same after so many seconds, ours and the peers'.
- `recipes`: every recipe, with its default settings and three seeds.
- `faces`: the colour recipe after so many minutes, and a blind sheet.
- `toy`, `lab`: points in the plane and on the line.

How fast, and at what cost:

- `speed`: `gan_keras.GAN.fit` against published loops, on the same networks.
- `operations`: where the time of a training step goes.
- `costs`, `streaming`: what must not grow.
- `metrics`: what a whole evaluation costs.

Whether the judges can be trusted: `ladder`, `ranking`.

What these use: `classifiers`, two judges of digits; `peers` and `torch_peer`,
the published loops; `readme_figures`, the README's pictures.
"""
