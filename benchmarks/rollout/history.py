"""What must hold of everything that a ramp has written, however it was crashed."""

from itertools import pairwise

from benchmarks.rollout.ramp_world import World
from xray_assets.catalog import CHALLENGER, CHAMPION, ENDPOINT_CONFIG, PREVIOUS_CHAMPION
from xray_assets.rollout.experiment import PROMOTED, ROLLED_BACK
from xray_assets.rollout.served import wanted_entities

RAMP = (0, 50, 70, 90, 100)


def problems(world: World, end: str, start: int) -> list[str]:
    """What is wrong, as sentences; empty when all is right. `end`: the state it must end in."""
    return [
        *world.stale_steps,
        *_end(world, end),
        *_states(world, end, start),
        *_configs(world, end),
        *_aliases(world, end),
    ]


def _end(world: World, end: str) -> list[str]:
    experiment, served = world.experiment, world.twin.now
    found = []
    if experiment.state != end or not experiment.is_settled:
        found.append(f"the experiment is {experiment.state}, closed {experiment.closed_at}")
    wanted = wanted_entities(experiment)
    if served is None or not served.is_of(wanted, None) or wanted[0].traffic_percentage != 100:
        found.append(f"the endpoint serves {served}, not {wanted}")
    return found


def _states(world: World, end: str, start: int) -> list[str]:
    """Each stage of gold.experiments is entered once, in order, and left by one row version."""
    states = world.states()
    entered = [
        states[0],
        *(b for a, b in pairwise(states) if (a.state, a.stage) != (b.state, b.stage)),
    ]
    found = []
    stages = [one.stage for one in entered if one.state != ROLLED_BACK]
    if stages != list(RAMP[RAMP.index(start) :][: len(stages)]):
        found.append(f"the stages were {stages}")
    if end == PROMOTED and stages[-1] != 100:
        found.append(f"the last stage was {stages[-1]}")
    names = [one.state for one in entered]
    if names.count(ROLLED_BACK) != (end == ROLLED_BACK) or names[-1] != end:
        found.append(f"the states were {names}")
    moments = {one.stage_since for one in states}
    if len(moments) != len(entered):
        found.append(f"{len(entered)} states were entered {len(moments)} times")
    for before, after in pairwise(states):
        if before == after:
            found.append(f"the state {after.state} {after.stage} was written twice")
    return found


def _configs(world: World, end: str) -> list[str]:
    """gold.endpoint_config holds exactly what was served, once, and no stage was served twice."""
    rows = world.tables.read(ENDPOINT_CONFIG).sort("config_version").collect()
    found = []
    recorded: dict[int, set] = {}
    for row in rows.iter_rows(named=True):
        entity = (row["served_model_name"], row["role"], row["traffic_percentage"])
        recorded.setdefault(row["config_version"], set()).add(entity)
    served = {
        config.config_version: {(e.name, e.role, e.traffic_percentage) for e in config.entities}
        for config in world.twin.served
    }
    if recorded != served or rows.height != sum(len(one) for one in served.values()):
        found.append(f"recorded {recorded}, served {served}")
    if end == PROMOTED and "unknown" in rows["decided_by"]:  # nothing cut in before the record
        found.append(
            f"nobody decided {rows.filter(decided_by='unknown')['config_version'].to_list()}"
        )
    challenger = world.experiment.challenger.served_name
    shares = [config.traffic.get(challenger) for config in world.twin.served]
    climbed = [share for share in shares if share is not None]
    if any(a >= b for a, b in pairwise(climbed)):
        found.append(f"the challenger's served shares were {shares}")
    if climbed and climbed != list(RAMP[RAMP.index(climbed[0]) :][: len(climbed)]):
        found.append(f"a share was skipped at the endpoint: {shares}")
    if None in shares[:-1]:
        found.append(f"the champion served alone in between: {shares}")
    return found


def _aliases(world: World, end: str) -> list[str]:
    """Aliases are right at the end, and none moved while the challenger did not serve all."""
    experiment = world.experiment
    champion, challenger = (
        (c.model, c.version) for c in (experiment.champion, experiment.challenger)
    )
    aliases = world.registry.aliases(world.ramp.model_names)
    promoted = end == PROMOTED
    found = []
    if aliases.get(CHAMPION) != (challenger if promoted else champion) or CHALLENGER in aliases:
        found.append(f"the aliases are {aliases}")
    if aliases.get(PREVIOUS_CHAMPION) not in ((champion,) if promoted else (champion, None)):
        found.append(f"previous_champion is {aliases.get(PREVIOUS_CHAMPION)}")
    for move in world.alias_moves:
        early = move.traffic != {experiment.challenger.served_name: 100}
        is_promotion = (move.alias, move.model) == (CHAMPION, challenger[0])
        if early and (is_promotion or move.alias == PREVIOUS_CHAMPION):
            found.append(f"{move.alias} moved while {move.traffic} was served")
    return found
