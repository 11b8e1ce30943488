import numpy as np
import pytest

from xray_assets.settings.training_plan import TrainingPlan
from xray_assets.training.films import Films
from xray_assets.training.fitting import Method, cross_entropy, fit, sigmoid


class ScriptedNetwork:
    """One weight, which each step raises by one; its log odds depend on the weight as told."""

    def __init__(self, scale):
        self.weight, self.scale = np.zeros(1, np.float32), scale
        self.rates, self.reached = [], []

    def step(self, films, labels, learning_rate):
        self.weight = self.weight + 1
        self.rates.append(learning_rate)
        self.reached.append(float(self.weight[0]))
        return 0.5

    def logits(self, films):
        return np.where(films[:, 0, 0] > 0.5, 1, -1) * np.float32(self.scale(float(self.weight[0])))

    def weights(self):
        return [self.weight.copy()]

    def set_weights(self, weights):
        self.weight = weights[0].copy()


def films(n):
    labels = np.arange(n) % 2
    images = np.broadcast_to(labels[:, None, None], (n, 64, 64)).astype(np.float32)
    return Films(images, labels.astype(np.float32), np.arange(n))


PLAN = TrainingPlan(epochs=20, batch_size=4)
METHOD = Method(least_steps=1, average_decay=0.0)


def test_training_takes_all_epochs_and_keeps_the_last_averaged_weights():
    network = ScriptedNetwork(lambda weight: 8 - abs(weight - 10))  # best after 10 steps
    seen = []
    curve = fit(
        network,
        films(8),
        PLAN,
        validation=films(4),
        method=METHOD,
        on_epoch=lambda *epoch: seen.append(epoch),
    )
    assert len(curve) == PLAN.epochs
    assert network.weight[0] == 2 * PLAN.epochs  # two steps an epoch
    losses = [epoch.validation_loss for epoch in curve]
    assert losses.index(min(losses)) == 4
    assert seen == [(number, PLAN.epochs, epoch) for number, epoch in enumerate(curve)]


def test_without_films_held_out_an_epoch_has_no_validation_figures():
    (epoch, *_) = fit(ScriptedNetwork(lambda weight: weight), films(8), PLAN, method=METHOD)
    assert epoch.train_loss == 0.5
    assert np.isnan([epoch.validation_loss, epoch.validation_auc]).all()


def test_the_learning_rate_falls_along_a_half_cosine():
    network = ScriptedNetwork(lambda weight: weight)
    fit(network, films(8), PLAN, method=METHOD)
    assert network.rates[0] == pytest.approx(PLAN.learning_rate)
    assert network.rates == sorted(network.rates, reverse=True)
    assert network.rates[-1] < 0.01 * PLAN.learning_rate


def test_a_handful_of_films_gets_more_epochs_but_not_without_end():
    plan, method = TrainingPlan(epochs=10, batch_size=32), Method(least_steps=100)
    assert method.epochs(plan, 700) == 10
    assert method.epochs(plan, 180) == 17
    assert method.epochs(plan, 30) == 40


def test_the_judged_weights_are_an_average_of_the_trained_ones():
    network = ScriptedNetwork(lambda weight: weight)
    plan = TrainingPlan(epochs=2, batch_size=4)
    fit(network, films(8), plan, method=Method(least_steps=1, average_decay=0.9))
    assert 0 < network.weight[0] < 4


def test_training_goes_on_from_its_own_weights_and_not_from_the_average():
    network = ScriptedNetwork(lambda weight: weight)
    plan = TrainingPlan(epochs=2, batch_size=4)
    method = Method(least_steps=1, average_decay=0.9)
    fit(network, films(8), plan, validation=films(4), method=method)
    assert network.reached == [1, 2, 3, 4]


def test_large_log_odds_neither_overflow_nor_lose_their_loss():
    logits = np.array([-1000.0, 1000.0, 0.0], np.float32)
    loss = cross_entropy(logits, np.array([1, 0, 1], np.float32))
    assert loss == pytest.approx((2000 + np.log(2)) / 3)
    assert np.all(np.isfinite(sigmoid(logits)))
