"""The edges that enter or leave the graph, a file a kind: requests and feedback come in
(`arrivals`), a day is over (`days`) and is answered (`response`), a retraining starts
(`retraining`), a ramp step goes out (`ramp`). How a run is asked for is `asking`.

The sensors are level-triggered: they compare positions and states, never events, so that a lost,
doubled or late tick changes nothing. A tick fails where a source is not the one that the tables
took from (SourceChanged).
"""

from xray_assets.sensors.arrivals import feedback_arrived, requests_logged
from xray_assets.sensors.days import day_closed
from xray_assets.sensors.ramp import promotion_decided
from xray_assets.sensors.response import monitoring_failed, response_due
from xray_assets.sensors.retraining import retraining_due

sensors = [
    feedback_arrived,
    requests_logged,
    day_closed,
    response_due,
    monitoring_failed,
    retraining_due,
    promotion_decided,
]
