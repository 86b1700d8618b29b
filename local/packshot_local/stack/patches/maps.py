"""Step Functions' Maps: children that fail, and a thousand items."""

from __future__ import annotations

import json
from typing import Any

from moto.stepfunctions.parser.api import HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import StatesErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.job import JobPool
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from ..patching import Patching
from .host import Host, patch


@patch
def failed_children_fail_the_map(patching: Patching, _host: Host) -> None:
    """In moto a distributed Map succeeds whatever becomes of its children (null for a failed one), starts as
    many threads as MaxConcurrency says, and does not parse an integer ToleratedFailurePercentage."""

    def map_run(self: Any, env: Environment, eval_input: Any) -> None:
        items, record = env.stack.pop(), eval_input.map_run_record
        pool = JobPool(job_program=self._get_iteration_program(), job_inputs=items)
        for _ in range(min(record.max_concurrency or len(items), len(items))):
            self._launch_worker(env=env, eval_input=eval_input, job_pool=pool)
        pool.await_jobs()
        error: Exception | None = pool.get_worker_exception()
        if error is not None:
            raise error
        counter = record.item_counter
        failed = counter.failed.get() + counter.timed_out.get() + counter.aborted.get()
        share = 100.0 * failed / max(len(items), 1)
        tolerated = failed <= (record.tolerated_failure_count or 0) or share <= (
            record.tolerated_failure_percentage or 0
        )
        if failed and not tolerated:
            raise _too_many_failures(env, failed, len(items))
        env.stack.append([job.job_output for job in pool.get_closed_jobs() if job.job_output is not None])

    def parse(definition: str) -> Any:
        return before(json.dumps(_with_float_percentages(json.loads(definition))))

    patching.set(distributed_iteration_component.DistributedIterationComponent, "_map_run", map_run)
    before = AmazonStateLanguageParser.parse
    patching.set(AmazonStateLanguageParser, "parse", staticmethod(parse))


def _too_many_failures(env: Environment, failed: int, total: int) -> FailureEventException:
    name = StatesErrorName(typ=StatesErrorNameType.StatesExceedToleratedFailureThreshold)
    cause = f"The specified tolerated failure threshold was exceeded: {failed} of {total} failed"
    details: Any = {"mapRunFailedEventDetails": {"error": name.error_name, "cause": cause}}
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=name,
            event_type=HistoryEventType.MapRunFailed,
            event_details=details,
        )
    )


def _with_float_percentages(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: float(value)
            if key == "ToleratedFailurePercentage" and isinstance(value, int)
            else _with_float_percentages(value)
            for key, value in node.items()
        }
    return [_with_float_percentages(value) for value in node] if isinstance(node, list) else node


@patch
def maps_do_not_recurse(patching: Patching, _host: Host) -> None:
    """moto's Map workers call themselves for the next item: a thousand items in one worker end in
    RecursionError."""

    def inline(self: Any, job: Any, worker_frame: Any) -> None:
        last_event = None
        while job is not None:
            job_frame = worker_frame.open_inner_frame()
            self._eval_job(env=job_frame, job=job)
            worker_frame.close_frame(job_frame)
            last_event = job_frame.event_history_context.last_published_event_id
            stop = isinstance(job.job_output, Exception) or self.stopped()
            following = None if stop else self._job_pool.next_job()
            if following is None:
                if not stop:
                    worker_frame.event_history_context.source_event_id = last_event
                self._env.close_frame(worker_frame)
            self._job_pool.close_job(job)
            job = following
        if last_event is None:
            self._env.close_frame(worker_frame)

    def distributed(self: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            job_frame = worker_frame.open_inner_frame()
            self._eval_job(env=job_frame, job=job)
            worker_frame.delete_frame(job_frame)
            stop = isinstance(job.job_output, Exception) or self.stopped()
            following = None if stop else self._job_pool.next_job()
            self._job_pool.close_job(job)
            job = following
        self._env.delete_frame(worker_frame)

    patching.set(IterationWorker, "_eval_pool", inline)
    patching.set(distributed_item_processor_worker.DistributedItemProcessorWorker, "_eval_pool", distributed)
