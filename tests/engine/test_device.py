"""Where a run computes, and how many threads it gets."""

import pytest
import torch

from engine import device
from engine.device import DeviceError, OutOfMemory
from engine.experiment import replaced
from engine.learning.learner import Learner


def test_auto_takes_the_fastest_there_is():
    fastest = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    assert device.choose("auto").type == fastest
    assert device.choose("cpu") == torch.device("cpu")


@pytest.mark.parametrize("there", [{"cuda"}, {"mps"}, {"cuda", "mps"}, set()])
def test_a_device_is_chosen_only_where_it_is_present(monkeypatch, there):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: "cuda" in there)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: "mps" in there)
    assert device.choose("auto").type == ("cuda" if "cuda" in there else "mps" if "mps" in there else "cpu")
    for name in {"cuda", "mps"} - there:
        with pytest.raises(DeviceError, match=f"device is '{name}', but torch .* finds none") as caught:
            device.choose(name)
        assert caught.value.code == "device.absent" and caught.value.values["device"] == name


def test_auto_stays_where_a_run_began_if_that_is_here(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert [device.choose("auto", began).type for began in ("cpu", "cuda", "mps", "abacus", None)] == [
        "cpu", "cuda", "cuda", "cuda", "cuda"]
    assert device.choose("cuda", "cpu").type == "cuda"


def test_an_unknown_device_is_refused_with_the_known_ones():
    with pytest.raises(DeviceError, match="device is 'gpu'; use one of auto, cpu, cuda, mps") as caught:
        device.choose("gpu")
    assert caught.value.code == "device.unknown"


def test_a_device_is_described_by_its_name_and_size():
    text = device.describe(torch.device("cpu"))
    cores = device.physical_cores()
    assert text.endswith(f"({cores} core{'s' if cores > 1 else ''})") and len(text) > len("(1 core) ")


def test_hyper_threads_count_once(monkeypatch):
    monkeypatch.setattr(device.os, "sched_getaffinity", lambda _: {0, 1, 2, 3}, raising=False)
    monkeypatch.setattr(device, "_siblings", lambda cpu: f"{cpu % 2},{cpu % 2 + 2}")
    assert device.physical_cores() == 2
    monkeypatch.setattr(device, "_siblings", str)
    assert device.physical_cores() == 4


def test_measuring_threads_changes_neither_generator_nor_threads(tiny, tiny_data, monkeypatch):
    monkeypatch.setattr(device, "TRIAL_S", 0.01)
    dropout = replaced(tiny, {"model.encoder.0.dropout": 0.3})
    torch.set_num_threads(2)
    torch.manual_seed(7)
    before = torch.get_rng_state()
    assert device.measure_threads(dropout, tiny_data.training) in {1, device.physical_cores()}
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)


@pytest.mark.parametrize("fastest", [1, 3])
def test_the_fastest_number_of_threads_is_chosen(tiny, tiny_data, monkeypatch, fastest):
    monkeypatch.setattr(device, "physical_cores", lambda: 3)
    monkeypatch.setattr(device, "_batch_s", lambda experiment, split, threads: abs(threads - fastest))
    assert device.measure_threads(tiny, tiny_data.training) == fastest


def test_the_trial_uses_the_number_of_threads_it_measures(tiny, tiny_data, monkeypatch):
    seen = []
    monkeypatch.setattr(device, "TRIAL_S", 0.0)
    update = Learner.update
    monkeypatch.setattr(Learner, "update",
                        lambda self, loss: seen.append(torch.get_num_threads()) or update(self, loss))
    monkeypatch.setattr(device, "physical_cores", lambda: 2)
    device.measure_threads(tiny, tiny_data.training)
    assert set(seen) == {1, 2}


def test_a_measurement_that_fails_gives_the_threads_back(tiny, tiny_data, monkeypatch):
    monkeypatch.setattr(device, "_batch_s", lambda *_: torch.set_num_threads(1) or 1 / 0)
    torch.set_num_threads(2)
    with pytest.raises(ZeroDivisionError):
        device.measure_threads(tiny, tiny_data.training)
    assert torch.get_num_threads() == 2
    torch.set_num_threads(1)


@pytest.mark.parametrize(("kind", "text"), [
    ("cuda", "Not enough GPU memory for batch 512. Try 256."), ("cpu", "Not enough memory for batch 512. Try 256.")])
def test_the_message_about_memory_says_where(kind, text):
    error = OutOfMemory(512, kind)
    assert str(error) == text and error.remedy.changes == {"train.batch_size": 256}


@pytest.mark.parametrize(("error", "expected"), [
    (torch.OutOfMemoryError("x"), True), (MemoryError(), True),
    (RuntimeError("[enforce fail at alloc_cpu.cpp:114] DefaultCPUAllocator: can't allocate memory: you tried"), True),
    (RuntimeError("CUDA error: out of memory"), True),
    (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), True),
    (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), True),
    (RuntimeError("GET was unable to find an engine to execute this computation"), True),
    (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False)])
def test_what_counts_as_out_of_memory(error, expected):
    assert device.is_out_of_memory(error) is expected
