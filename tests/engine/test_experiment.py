"""The experiment: a value that is complete, refuses what is wrong with every reason at once, and survives its file."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import blocks, dataspec, fields
from engine import experiment as ex
from engine.blocks import Convolution, Linear
from engine.experiment import Experiment
from engine.fields import ExperimentError
from tests.engine.strategies import experiments


@given(experiments())
def test_toml_gives_back_an_equal_experiment(experiment):
    assert ex.from_toml(ex.to_toml(experiment)) == experiment


def test_an_experiment_never_changes():
    with pytest.raises(ValueError, match="frozen"):
        Experiment().train.epochs = 3


def test_all_problems_are_told_at_once_with_their_fields():
    with pytest.raises(ExperimentError) as caught:
        ex.parse({"train": {"epochs": -1, "colour": 2}, "model": {"encoder": [{"kind": "convolution", "kernel": 0}]}})
    assert {p.field for p in caught.value.problems} == {"train.epochs", "train.colour", "model.encoder.0.kernel"}
    assert all(p.message for p in caught.value.problems)


def test_a_bad_block_of_an_explicit_decoder_is_named_by_its_path():
    with pytest.raises(ExperimentError) as caught:
        ex.parse({"model": {"decoder": [{"kind": "linear", "size": -1}]}})
    assert [(p.field, p.value) for p in caught.value.problems] == [("model.decoder.0.size", -1)]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1.0, 0.0])
def test_a_learning_rate_that_cannot_be_is_refused(value):
    with pytest.raises(ExperimentError) as caught:
        ex.replaced(Experiment(), {"train.learning_rate": value})
    assert [p.field for p in caught.value.problems] == ["train.learning_rate"]


def test_replaced_changes_the_named_fields_and_no_others():
    base = Experiment()
    changed = ex.replaced(base, {"train.epochs": 3, "model.encoder.0.kernel": 5})
    assert ex.differences(base, changed) == {"model.encoder.0.kernel": (3, 5), "train.epochs": (20, 3)}
    assert ex.replaced(changed, {"train.epochs": 20, "model.encoder.0.kernel": 3}) == base


def test_replaced_takes_whole_blocks():
    blocks = (Convolution(channels=4), Linear(size=2))
    assert ex.replaced(Experiment(), {"model.encoder": blocks}).model.encoder == blocks
    assert ex.replaced(Experiment(), {"model.encoder.1": Linear(size=9)}).model.encoder[1] == Linear(size=9)


@pytest.mark.parametrize("path", ["train.speed", "train", "model.encoder.9.kernel", "model.encoder.x", "", "name.x"])
def test_replaced_names_a_field_that_is_not_there(path):
    with pytest.raises(ExperimentError) as caught:
        ex.replaced(Experiment(), {path: 1})
    assert caught.value.problems[0].field == path


def test_differences_leave_out_what_only_describes():
    assert ex.differences(Experiment(name="a", note="b"), Experiment(source="c")) == {}


def test_settings_of_the_command_line_are_toml_or_text():
    changed = ex.with_settings(Experiment(), ["train.epochs=1", "train.optimizer=sgd", "train.keep=[1, 5]",
                                              "model.encoder.0.batch_normalization=true"])
    assert (changed.train.epochs, changed.train.optimizer, changed.train.keep) == (1, "sgd", (1, 5))
    assert changed.model.encoder[0].batch_normalization
    with pytest.raises(ExperimentError, match=r"train\.epochs=5"):
        ex.with_settings(Experiment(), ["train.epochs"])
    with pytest.raises(ExperimentError, match=r"train\.epochs"):
        ex.with_settings(Experiment(), [f"train.epochs={'1' * 5000}"])


@pytest.mark.parametrize(("data", "code"), [
    (b"\xff\xfe\x00", "toml.encoding"),
    (b"a = [", "toml.syntax"),
    (b"a = " + b"[" * 100_000, "toml"),
    (b"[train]\nepochs = " + b"1" * 5000, "toml.number"),
    (b"train = 1", "field"),
    (b"[train]\nlearning_rate = 1e999", "field"),
])
def test_a_file_that_is_no_experiment_is_an_experiment_error(tmp_path, data, code):
    path = tmp_path / "bad.toml"
    path.write_bytes(data)
    with pytest.raises(ExperimentError) as caught:
        ex.load(path)
    assert caught.value.problems[0].code.startswith(code)


def test_a_byte_order_mark_is_no_mistake(tmp_path):
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf[train]\r\nepochs = 7\r\n")
    assert ex.load(path).train.epochs == 7


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace")))
def test_arbitrary_bytes_raise_only_our_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "fuzz.toml"
    path.write_bytes(data)
    try:
        assert isinstance(ex.load(path), Experiment)
    except ExperimentError as error:
        assert error.problems


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from([*Experiment.model_fields, "encoder", "kind", "kernel", "epochs", "dataset"]),
                      inner, max_size=4), max_leaves=12)


@given(st.dictionaries(st.sampled_from(list(Experiment.model_fields)), json_like, max_size=4))
def test_arbitrary_values_raise_only_our_error(values):
    try:
        assert isinstance(ex.parse(values), Experiment)
    except ExperimentError as error:
        assert all(problem.message for problem in error.problems)


def test_code_size_is_the_last_linear_size_or_the_last_channels():
    assert (ex.code_size(Experiment()), ex.code_size_path(Experiment())) == (32, "model.encoder.2.size")
    flat = ex.replaced(Experiment(), {"model.encoder": [Convolution(channels=5)]})
    assert (ex.code_size(flat), ex.code_size_path(flat)) == (5, "model.encoder.0.channels")


def test_every_field_says_what_it_is_and_does():
    sections = [Experiment, dataspec.Data, dataspec.Input, ex.Model, ex.Classifier, ex.Train, Convolution, Linear,
                blocks.Reshape, blocks.TransposedConvolution]
    parts = ("kind", "data", "input", "model", "classifier", "train")
    bare = [f"{section.__name__}.{name}" for section in sections for name, field in section.model_fields.items()
            if name not in parts and not (field.title and field.description)]
    assert bare == []


def test_every_choice_has_a_name_for_the_screen_and_every_data_set_a_shape():
    kinds = (blocks.Activation, dataspec.Change, dataspec.Classes, dataspec.Colour, dataspec.DatasetName,
             dataspec.Enlargement, dataspec.Fit, dataspec.Reduction, dataspec.Validation, ex.LossName,
             ex.OptimizerName, ex.OutputActivation, ex.Precision)
    choices = {name for kind in kinds for name in get_args(kind)}
    assert choices <= set(fields.LABELS)
    assert set(get_args(dataspec.DatasetName)) == set(dataspec.IMAGE_SHAPES)
