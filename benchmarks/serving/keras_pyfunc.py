"""A Keras model behind MLflow's scoring server, as it is usually deployed: decode, then
`keras.Model.predict`. MLflow runs this file when `mlflow_pyfunc.py` serves it.
"""

import base64

import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel

from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import model_input as preprocessed


class KerasClassifier(PythonModel):
    def load_context(self, context):
        from xray_assets.training.families import (
            keras_classifier,  # registers the network's own layer
        )

        self._net = keras_classifier.keras.models.load_model(context.artifacts["keras"])

    def predict(self, context, model_input, params=None):
        films = [preprocessed(decode(base64.b64decode(image))) for image in model_input["image"]]
        return pd.DataFrame({"probability": self._net.predict(np.stack(films), verbose=0)[:, 0]})


set_model(KerasClassifier())
