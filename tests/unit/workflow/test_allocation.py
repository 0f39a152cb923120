"""How many devices, cores and slots a job declares, as one table."""

from dataclasses import replace

import pytest

from snakedit.workflow.allocation import Allocation, Situation, allocation

LOCAL = Situation(
    place="local", device_count=6, on_cpu=False, finds_devices=True, resident=True, granted=None
)
ALONE = replace(LOCAL, resident=False)
ONE_GPU = replace(LOCAL, device_count=1)
CPU = replace(LOCAL, device_count=4, on_cpu=True)
SIMULATED = replace(LOCAL, device_count=3, finds_devices=False)
# The login node sees no GPU of its own, so that it counts worker slots of its CPU.
SUBMIT = replace(CPU, place="submit", device_count=2, granted=2)
SUBMIT_WITH_GPUS = replace(LOCAL, place="submit", device_count=2, granted=2)
SUBMIT_SIMULATED = replace(SIMULATED, place="submit", device_count=1, granted=1)
NODE = replace(LOCAL, place="node", device_count=2, granted=2)
NODE_ON_CPU = replace(CPU, place="node")
NO_GPU = replace(LOCAL, device_count=0, granted=0)

MODEL, CONTROL, ENDPOINT = (True, False), (False, False), (False, True)


@pytest.mark.parametrize(
    ("model", "situation", "gpu", "pool_gpu", "threads", "device_jobs", "served_jobs"),
    [
        pytest.param(MODEL, LOCAL, 3, 6, 1, 1, 0, id="two jobs share a resident pool"),
        pytest.param(MODEL, ONE_GPU, 1, 1, 1, 1, 0, id="half a GPU is one"),
        pytest.param(MODEL, ALONE, 6, 6, 1, 1, 0, id="a pool that is not resident has one job"),
        pytest.param(MODEL, NO_GPU, 0, 0, 1, 0, 0, id="no GPU is granted"),
        pytest.param(MODEL, CPU, 0, 4, 2, 1, 0, id="on a CPU a job claims cores"),
        pytest.param(MODEL, replace(CPU, resident=False), 0, 4, 4, 1, 0, id="on a CPU, alone"),
        pytest.param(MODEL, replace(CPU, device_count=1), 0, 1, 1, 1, 0, id="a CPU with one worker"),
        pytest.param(MODEL, SIMULATED, 1, 3, 1, 1, 0, id="simulated devices count like GPUs"),
        pytest.param(MODEL, SUBMIT, 2, 2, 2, 0, 0, id="a job that is sent asks for the grant"),
        pytest.param(MODEL, SUBMIT_WITH_GPUS, 2, 2, 1, 0, 0, id="a login node with GPUs"),
        pytest.param(MODEL, replace(SUBMIT, granted=None), 0, 2, 2, 0, 0, id="nothing is granted"),
        pytest.param(MODEL, SUBMIT_SIMULATED, 1, 1, 1, 0, 0, id="simulated devices of nodes"),
        pytest.param(MODEL, NODE, 2, 2, 1, 1, 0, id="a job on a node is alone"),
        pytest.param(MODEL, NODE_ON_CPU, 0, 4, 4, 1, 0, id="a job on a node without GPUs"),
        pytest.param(CONTROL, LOCAL, 0, 0, 1, 0, 0, id="an editor without weights"),
        pytest.param(CONTROL, CPU, 0, 0, 1, 0, 0, id="an editor without weights, on a CPU"),
        pytest.param(CONTROL, SUBMIT, 0, 0, 1, 0, 0, id="an editor without weights, sent"),
        pytest.param(ENDPOINT, LOCAL, 0, 0, 0, 0, 1, id="a judge behind a server"),
        pytest.param(ENDPOINT, ALONE, 0, 0, 1, 0, 1, id="a judge behind a server, its client in the job"),
        pytest.param(ENDPOINT, SUBMIT, 0, 0, 1, 0, 1, id="a judge behind a server, sent"),
        pytest.param(ENDPOINT, NODE, 0, 0, 1, 0, 1, id="a judge behind a server, on a node"),
    ],
)
def test_a_job_declares_what_its_model_and_its_situation_ask_for(
    model: tuple[bool, bool],
    situation: Situation,
    gpu: int,
    pool_gpu: int,
    threads: int,
    device_jobs: int,
    served_jobs: int,
):
    expected = Allocation(gpu, pool_gpu, threads, device_jobs, served_jobs)
    assert allocation(*model, situation) == expected


def test_a_judge_with_devices_of_its_own_does_not_wait_for_those_of_the_others():
    of_all, own = (allocation(*MODEL, LOCAL, is_own=is_own) for is_own in (False, True))
    assert (of_all.device_jobs, of_all.own_device_jobs) == (1, 0)
    assert own == replace(of_all, device_jobs=0, own_device_jobs=1)
