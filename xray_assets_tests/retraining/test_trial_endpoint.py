"""How long two models take, through an endpoint of their own: real processes, real requests."""

import base64
import json
from pathlib import Path

from xray_assets.resources.serving.trial_endpoint import request_times
from xray_assets_tests.retraining.made_candidates import film, network


def test_each_model_answers_as_many_requests_as_were_asked_for(tmp_path: Path) -> None:
    one, other = (network(tmp_path / str(slope), slope, -10.0) for slope in (20.0, 22.0))
    image = base64.b64encode(film(0, 100)).decode()
    bodies = [
        json.dumps({"dataframe_records": [{"image": image, "patient_id": f"trial-{n}"}]}).encode()
        for n in range(60)
    ]
    champion, candidate = request_times(one, other, bodies, 20)
    assert min(len(champion), len(candidate)) >= 20
    assert all(0 < taken < 30_000 for taken in (*champion, *candidate))
