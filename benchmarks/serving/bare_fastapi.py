"""The yardstick: FastAPI + uvicorn with the same decode and model, no auth, no log, one model.

python benchmarks/serving/bare_fastapi.py ARTIFACT_FOLDER PORT
"""

import base64
import sys
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI

from xray_assets.imaging.decode import decode
from xray_assets.imaging.preprocess import model_input
from xray_assets.scoring.artifact import ServingArtifact
from xray_assets.scoring.session import OnnxClassifier

classifier = OnnxClassifier(ServingArtifact.load(Path(sys.argv[1])))
app = FastAPI()


@app.post("/serving-endpoints/{name}/invocations")
async def invocations(name: str, body: dict[str, Any]) -> dict[str, list[float]]:
    image = base64.b64decode(body["dataframe_records"][0]["image"])
    film = model_input(decode(image))
    return {"predictions": classifier.probabilities(film[None]).tolist()}


if __name__ == "__main__":
    uvicorn.run(
        app,
        port=int(sys.argv[2]),
        access_log=False,
        log_level="error",
        loop="uvloop",
        http="httptools",
    )
