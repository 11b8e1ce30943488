"""How hard the phantoms are: held-out accuracy of the plain network from few and from all films.

    python benchmarks/calibrate_phantoms.py [--seeds 3] [--sizes 30,70,all] [--real FOLDER]

Aim: about 0.75 from 30 films, at least 0.93 from all train films of 1,000. For comparison, the same
network on real films: 0.82 from 70, 0.92 from 700 (`--real FOLDER` measures them, a folder in the
layout chest_xray/{train,val,test}/{NORMAL,PNEUMONIA}). Also prints what a threshold on mean
brightness, contrast or file size alone would reach: about 0.5 when the label is not given away.
"""

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch import nn

from xray_assets.imaging.decode import decode
from xray_assets.imaging.phantoms import draw_film, planned_films
from xray_assets.imaging.preprocess import model_input

FILMS = 1000
HELD_OUT = 600
MAX_EPOCHS = 40
PATIENCE = 8


class Films:
    """Model inputs, labels, and what the file alone tells; one row a film."""

    def __init__(self, files: list[tuple[bytes, bool]]) -> None:
        pixels = [decode(data) for data, _ in files]
        self.inputs = torch.from_numpy(np.stack([model_input(film) for film in pixels]))
        self.labels = torch.tensor([float(pneumonia) for _, pneumonia in files])
        self.giveaways = {
            "mean brightness": np.array([film.mean() for film in pixels]),
            "contrast": np.array([film.std() for film in pixels]),
            "file size": np.array([len(data) for data, _ in files]),
            "bytes a pixel": np.array(
                [len(data) / film.size for (data, _), film in zip(files, pixels, strict=True)]
            ),
        }


def phantom_films(seed: int) -> tuple[Films, Films, Films]:
    """(train, val, held out): the folder's own splits of 1,000, and patients beyond them."""
    plan = list(planned_films(count=FILMS + HELD_OUT, seed=seed))
    first = {film.path for film in planned_films(count=FILMS, seed=seed)}
    known = {film.patient for film in plan if film.path in first}
    chosen: dict[str, list[tuple[bytes, bool]]] = {"train": [], "val": [], "held out": []}
    for film in plan:
        split = film.path.parts[1] if film.path in first else "held out"
        if split in chosen and (split != "held out" or film.patient not in known):
            chosen[split].append((draw_film(film, seed=seed), film.category == "PNEUMONIA"))
    return Films(chosen["train"]), Films(chosen["val"]), Films(chosen["held out"])


def real_films(folder: Path) -> tuple[Films, Films, Films]:
    """(train, val, test) of a folder in the public layout."""
    found = []
    for split in ("train", "val", "test"):
        files = sorted((folder / "chest_xray" / split).glob("*/*.jp*g"))
        found.append(
            Films([(file.read_bytes(), file.parent.name == "PNEUMONIA") for file in files])
        )
    return found[0], found[1], found[2]


def plain_network() -> nn.Sequential:
    """conv 32, pool, conv 64, pool, dense 64, dropout 0.5, sigmoid (in the loss)."""
    return nn.Sequential(
        nn.Unflatten(1, (1, 64)),
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(64 * 14 * 14, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 1)),
        nn.Flatten(0),
    )


def held_out_accuracy(
    train: Films, val: Films, test: Films, *, size: int | None, seed: int
) -> tuple[float, float, int]:
    """(accuracy, AUC, epochs) on `test` after training on `size` balanced films of `train`."""
    torch.manual_seed(seed)
    chosen = _balanced(train.labels.numpy(), size, np.random.default_rng(seed))
    inputs, labels = train.inputs[chosen], train.labels[chosen]
    network, loss_of = plain_network(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    best, best_loss, waited, epochs = network.state_dict(), float("inf"), 0, 0
    while epochs < MAX_EPOCHS and waited < PATIENCE:
        epochs += 1
        network.train()
        for batch in torch.randperm(len(labels)).split(32 if len(labels) > 200 else 8):
            optimizer.zero_grad()
            loss_of(network(inputs[batch]), labels[batch]).backward()
            optimizer.step()
        val_loss = float(loss_of(_logits(network, val), val.labels))
        waited += 1
        if val_loss < best_loss:
            best_loss, waited = val_loss, 0
            best = {name: value.clone() for name, value in network.state_dict().items()}
    network.load_state_dict(best)
    logits = _logits(network, test)
    accuracy = float(((logits > 0) == (test.labels > 0.5)).float().mean())
    return accuracy, _auc(logits.numpy(), test.labels.numpy()), epochs


def _logits(network: nn.Module, films: Films) -> torch.Tensor:
    network.eval()
    with torch.no_grad():
        return torch.cat([network(part) for part in films.inputs.split(64)])


def _balanced(labels: np.ndarray, size: int | None, rng: np.random.Generator) -> np.ndarray:
    if size is None:
        return np.arange(len(labels))
    return np.concatenate(
        [rng.permutation(np.flatnonzero(labels == label))[: size // 2] for label in (0, 1)]
    )


def _auc(scores: np.ndarray, labels: np.ndarray) -> float:
    ranks = scores.argsort().argsort() + 1.0
    positives = labels > 0.5
    n_positive, n_negative = positives.sum(), (~positives).sum()
    return float(
        (ranks[positives].sum() - n_positive * (n_positive + 1) / 2) / n_positive / n_negative
    )


def main() -> None:
    """Print one line for each size and seed, the means, and the giveaways."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--sizes", default="30,70,all")
    parser.add_argument("--real", type=Path, help="measure real films instead of phantoms")
    options = parser.parse_args()
    torch.set_num_threads(1)
    sizes = [None if size == "all" else int(size) for size in options.sizes.split(",")]
    reached: dict[int | None, list[float]] = {size: [] for size in sizes}
    giveaways: dict[str, list[float]] = {}
    print(f"{'films':>6} {'seed':>4} {'accuracy':>8} {'AUC':>6} {'epochs':>6} {'seconds':>7}")
    for seed in range(1, options.seeds + 1):
        train, val, test = real_films(options.real) if options.real else phantom_films(seed)
        for name, values in train.giveaways.items():
            area = _auc(values, train.labels.numpy())
            giveaways.setdefault(name, []).append(max(area, 1 - area))
        for size in sizes:
            started = time.perf_counter()
            accuracy, area, epochs = held_out_accuracy(train, val, test, size=size, seed=seed)
            reached[size].append(accuracy)
            seconds = time.perf_counter() - started
            films = len(train.labels) if size is None else size
            print(f"{films:>6} {seed:>4} {accuracy:>8.3f} {area:>6.3f} {epochs:>6} {seconds:>7.1f}")
    for size, accuracies in reached.items():
        print(f"mean accuracy from {size or 'all'} films: {np.mean(accuracies):.3f}")
    for name, areas in giveaways.items():
        print(f"AUC of {name} alone: {np.mean(areas):.3f}")


if __name__ == "__main__":
    main()
