"""The registered model as MLflow sees it: models-from-code, so that no pickle is ever loaded.

MLflow copies this file beside the serving artifact and runs it when a registered version is loaded.
`predict` has no type hints: with them Model Serving accepts `inputs` and no other request format.
"""

import base64
import binascii

import mlflow
import pandas as pd


class PneumoniaClassifier(mlflow.pyfunc.PythonModel):  # pyright: ignore
    """Base64 films (JPEG, PNG, DICOM) in, probabilities of pneumonia out."""

    def load_context(self, context):
        """Verify and load the serving artifact."""
        from pathlib import Path

        from xray_assets.scoring.artifact import ServingArtifact
        from xray_assets.scoring.session import OnnxClassifier

        self._classifier = OnnxClassifier(ServingArtifact.load(Path(context.artifacts["serving"])))

    def predict(self, context, model_input, params=None):
        """A column "image" of base64 strings -> columns "probability" and "label"."""
        import numpy as np

        from xray_assets.catalog import LABELS
        from xray_assets.imaging.decode import decode
        from xray_assets.imaging.preprocess import model_input as film

        try:
            data = [base64.b64decode(image, validate=True) for image in model_input["image"]]
        except (binascii.Error, TypeError, ValueError) as error:
            raise ValueError(f'the column "image" must hold base64 strings: {error}') from error
        if not data:
            raise ValueError("send at least one image")
        films = np.stack([film(decode(one)) for one in data])
        probabilities = self._classifier.probabilities(films)
        labels = [LABELS[int(p >= self._classifier.artifact.threshold)] for p in probabilities]
        return pd.DataFrame({"probability": probabilities, "label": labels})


mlflow.models.set_model(PneumoniaClassifier())  # pyright: ignore
