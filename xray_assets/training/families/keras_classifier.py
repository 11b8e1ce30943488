"""The Keras family (on TensorFlow): its network and its optimizer step.

Films are standardized one by one inside the network, so exposure and contrast cannot matter. The
step is a `tf.function` of our own: `Model.fit` needs its own loop and is slower for small epochs.
"""

import os
from collections.abc import Sequence
from typing import Any

# Read by TensorFlow's native part when it is loaded.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf
import tf2onnx
from typing_extensions import override

from xray_assets.catalog import EMBEDDING_SIZE
from xray_assets.imaging.preprocess import MODEL_SIDE
from xray_assets.scoring.artifact import EMBEDDING_NAME, INPUT_NAME, OUTPUT_NAME
from xray_assets.training.families.network import (
    LOGIT_NAME,
    NATIVE_NAME,
    OPSET,
    Array,
    Network,
    batches,
)

_FILMS = tf.TensorSpec((None, MODEL_SIDE, MODEL_SIDE), tf.float32, name=INPUT_NAME)


@keras.saving.register_keras_serializable("xray_assets")
class StandardizedFilm(keras.layers.Layer):
    """Each film of (N, 64, 64, 1) to mean 0 and spread 1."""

    def call(self, films: Any) -> Any:
        """Standardize over the pixels of each film."""
        # Rows first, then columns: as the PyTorch family does.
        mean = _mean(films)
        return (films - mean) / tf.sqrt(_mean((films - mean) ** 2) + 1e-4)


def _mean(pixels: Any) -> Any:
    return tf.reduce_mean(tf.reduce_mean(pixels, axis=2, keepdims=True), axis=1, keepdims=True)


def pneumonia_net() -> keras.Model:
    """(N, 64, 64) films -> (N, 1) log odds; 0.17 M parameters."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((MODEL_SIDE, MODEL_SIDE), name=INPUT_NAME),
            layers.Reshape((MODEL_SIDE, MODEL_SIDE, 1)),
            StandardizedFilm(),
            layers.Conv2D(32, 6, strides=2, padding="same"),
            layers.MaxPooling2D(),
            layers.Activation("relu"),
            layers.Conv2D(64, 3, padding="same"),
            layers.MaxPooling2D(),
            layers.Activation("relu"),
            layers.Conv2D(96, 3, padding="same"),
            layers.MaxPooling2D(),
            layers.Activation("relu"),
            layers.Flatten(),
            layers.Dense(EMBEDDING_SIZE, activation="relu", name=EMBEDDING_NAME),
            layers.Dropout(0.5),
            layers.Dense(1, name="last"),
        ]
    )


class KerasNetwork(Network):
    """The family's `Network`."""

    def __init__(self, *, seed: int, threads: int) -> None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
        tf.config.experimental.enable_op_determinism()
        keras.utils.set_random_seed(seed)
        self._net = pneumonia_net()
        self._optimizer = keras.optimizers.Adam()
        self._optimizer.build(self._net.trainable_variables)
        probability = keras.layers.Activation("sigmoid", name=OUTPUT_NAME)(self._net.outputs[0])
        self._served = keras.Model(self._net.inputs, probability)
        embedding = self._net.get_layer(EMBEDDING_NAME).output
        self._exported = keras.Model(self._net.inputs, [self._net.outputs[0], embedding])
        self._step = tf.function(self._train_step, reduce_retracing=True)
        self._forward = tf.function(lambda films: self._net(films, training=False)[:, 0])

    @override
    def step(self, films: Array, labels: Array, learning_rate: float) -> float:
        self._optimizer.learning_rate = learning_rate
        return float(self._step(tf.constant(films), tf.constant(labels)))

    @override
    def logits(self, films: Array) -> Array:
        return np.concatenate([self._forward(tf.constant(p)).numpy() for p in batches(films)])

    @override
    def weights(self) -> list[Array]:
        return [np.array(weight.numpy()) for weight in self._net.trainable_variables]

    @override
    def set_weights(self, weights: Sequence[Array]) -> None:
        for held, new in zip(self._net.trainable_variables, weights, strict=True):
            held.assign(new)

    @override
    def onnx(self) -> Any:
        def outputs(films: Any) -> dict[str, Any]:
            logit, embedding = self._exported(films, training=False)
            return {LOGIT_NAME: tf.reshape(logit, (-1,)), EMBEDDING_NAME: embedding}

        model, _ = tf2onnx.convert.from_function(
            tf.function(outputs, input_signature=[_FILMS]),
            input_signature=[_FILMS],
            opset=OPSET,
        )
        return model

    @override
    def log_native(self, mlflow: Any, films: Array) -> str:
        from mlflow.models import infer_signature

        example = films[:2]
        logged = mlflow.keras.log_model(  # with an input_example it crashes (MLflow 3.17, Keras 3)
            self._served,
            name=NATIVE_NAME,
            signature=infer_signature(example, self._served(example, training=False).numpy()),
            pip_requirements=[f"keras=={keras.__version__}", f"tensorflow=={tf.__version__}"],
        )
        return str(logged.model_uri)

    @override
    def describe(self) -> dict[str, str | int]:
        framework = f"keras {keras.__version__}, tensorflow {tf.__version__}"
        return {"framework": framework, "parameters": int(self._net.count_params())}

    def _train_step(self, films: Any, labels: Any) -> Any:
        with tf.GradientTape() as tape:
            logits = self._net(films, training=True)[:, 0]
            losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=labels, logits=logits)
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, self._net.trainable_variables)
        self._optimizer.apply_gradients(zip(gradients, self._net.trainable_variables, strict=True))
        return loss
