"""The executor of every job: steps one after the other in the run's process, which is written down
with the run.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.executor.in_process import InProcessExecutor

from xray_assets.runs.identity import ProcessIdentity

if TYPE_CHECKING:
    from dagster._core.execution.context.system import PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan


class KnownProcessExecutor(InProcessExecutor):
    """Runs are found by their process, whoever started it: the run launcher, `dagster dev` or
    `dagster job execute`.
    """

    def execute(
        self, plan_context: "PlanOrchestrationContext", execution_plan: "ExecutionPlan"
    ) -> Iterator[dg.DagsterEvent]:
        """Tag the run, then execute it."""
        plan_context.instance.add_run_tags(plan_context.run_id, ProcessIdentity.this().tags)
        yield from super().execute(plan_context, execution_plan)


@dg.executor(name="in_process")
def known_process_executor(_: dg.InitExecutorContext) -> KnownProcessExecutor:
    """Steps are light and training is a subprocess; a process a step would cost 2 s of CPU each."""
    from dagster._core.execution.retries import RetryMode

    return KnownProcessExecutor(retries=RetryMode.ENABLED)
