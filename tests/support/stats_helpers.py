"""Small simulated studies for the tests of statistics."""

import numpy as np
import pandas as pd

CLASSES = ("bcc", "mel", "nv")


def simulate(
    seed: int,
    *,
    readers: int = 4,
    per_class: int = 8,
    classes: tuple[str, ...] = CLASSES,
    missing: float = 0.0,
    confidence: bool = True,
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Readings and two models; every reader and class keeps at least two answered cases."""
    rng = np.random.default_rng(seed)
    k, n = len(classes), per_class * len(classes)
    truth = np.repeat(np.arange(k), per_class)
    evidence = 1.6 * np.eye(k)[truth] + rng.normal(0, 0.7, (n, k))
    logits = evidence + rng.normal(0, 0.9, (readers, n, k)) + rng.normal(0, 0.3, (readers, 1, k))
    answer = logits.argmax(axis=2)
    kept = rng.random((readers, n)) >= missing
    kept[:, [i for c in range(k) for i in (c * per_class, c * per_class + 1)]] = True
    rows = [
        {
            "reader_id": f"r{j:03d}",
            "case_id": f"c{i:03d}",
            "truth": classes[truth[i]],
            "answer": classes[answer[j, i]] if kept[j, i] else "",
            **(
                {"confidence": str(rng.integers(10, 21) * 5) if kept[j, i] else ""}
                if confidence
                else {}
            ),
        }
        for j in range(readers)
        for i in range(n)
    ]
    models = {}
    for name, noise in (("a", 0.5), ("b", 1.2)):
        z = np.exp(evidence + rng.normal(0, noise, (n, k)))
        p = z / z.sum(axis=1, keepdims=True)
        models[name] = pd.DataFrame(p, columns=[f"p_{c}" for c in classes])
        models[name].insert(0, "case_id", [f"c{i:03d}" for i in range(n)])
    return pd.DataFrame(rows), models
