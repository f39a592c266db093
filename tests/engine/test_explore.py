"""The questions against independent computations in numpy, and what they must leave alone."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import PIL.Image
import pytest
import torch
from torch import nn

from engine import asking, explore, fixedcodes, latent, model
from engine.answers import Plane, Progress, QuestionError, Ranking, Reconstructions
from engine.blocks import Convolution, Linear
from engine.data import Dataset, Split
from engine.dataspec import Data
from engine.experiment import Experiment, Model

VECTOR = (Convolution(channels=4, stride=2, padding=1, dropout=0.5), Linear(size=6, activation="none"))
MAPS = (Convolution(channels=3, stride=2, padding=1), Convolution(channels=5, stride=2, padding=1))


def experiment(encoder=VECTOR, dataset="digits", output="sigmoid"):
    return Experiment(data=Data(dataset=dataset, image_size=12), model=Model(encoder=encoder, output=output))


def built(*arguments, **settings):
    """A model of fixed random weights, large enough to tell codes apart."""
    spec = experiment(*arguments, **settings)
    with torch.random.fork_rng():
        torch.manual_seed(7)
        weights = {name: value * 3 for name, value in model.build(spec).state_dict().items()}
    return model.from_weights(spec, weights)


def split_of(count, seed, channels=1):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (count, channels, 12, 12), dtype=np.uint8)
    return Split(torch.from_numpy(images), torch.from_numpy(generator.integers(0, 3, count)))


def dataset_of(channels=1, validation=70):
    names = ("circle", "square", "triangle")
    return Dataset("shapes", split_of(40, 1, channels), split_of(validation, 2, channels), split_of(130, 3, channels),
                   names, True, "fingerprint")


@pytest.fixture(scope="module")
def data():
    return dataset_of()


def last(question):
    """The answer of a long question, which comes after nothing but progress."""
    *partial, answer = question
    assert all(isinstance(piece, Progress) and piece.done < piece.total for piece in partial)
    return answer


def outputs_of(network, split):
    """The reconstruction as numpy float32 (N, C, H, W)."""
    with torch.no_grad():
        return network(split.images.float() / 255).numpy()


def codes_of(network, images):
    with torch.no_grad():
        return network.encode(images.float() / 255).flatten(1).double().numpy()


# --- reconstructions -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("channels", [1, 3])
def test_reconstruct_gives_images_outputs_errors_and_mse(channels):
    data = dataset_of(channels)
    network = built(dataset="cifar-10" if channels == 3 else "digits")
    answer = explore.reconstruct(network, data, "test", [5, 0, 129])
    images = data.test.images.numpy()[[5, 0, 129]]
    outputs = outputs_of(network, data.test)[[5, 0, 129]]
    difference = outputs.astype(np.float64) - images / 255
    shown = [np.moveaxis(array, 1, -1) if channels == 3 else array[:, 0] for array in (images, outputs)]
    assert answer.images.shape == ((3, 12, 12, 3) if channels == 3 else (3, 12, 12))
    np.testing.assert_array_equal(answer.images, shown[0])
    np.testing.assert_allclose(answer.outputs, shown[1] * 255, atol=0.51)
    np.testing.assert_allclose(answer.errors, np.abs(difference).mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(answer.mse, (difference**2).mean(axis=(1, 2, 3)), rtol=1e-5)
    np.testing.assert_array_equal(answer.labels, data.test.labels.numpy()[[5, 0, 129]])


def test_an_output_out_of_range_is_clipped_for_display_and_not_for_its_error(data):
    network = built(output="none")
    outputs = outputs_of(network, data.test)
    assert outputs.min() < 0 and outputs.max() > 1
    answer = explore.reconstruct(network, data, "test", range(130))
    np.testing.assert_allclose(answer.outputs, outputs[:, 0].clip(0, 1) * 255, atol=0.51)
    exact = (outputs.astype(np.float64) - data.test.images.numpy() / 255)**2
    np.testing.assert_allclose(answer.mse, exact.mean(axis=(1, 2, 3)), rtol=1e-5)


def test_a_gallery_page_is_the_same_in_pieces(data):
    network = built()
    indices = np.arange(130)[::-1]
    pieces = list(explore.gallery(network, data, "test", indices))
    assert len(pieces) > 2
    whole = explore.reconstruct(network, data, "test", indices)
    for field in dataclasses.fields(Reconstructions):
        mine, theirs = getattr(pieces[-1], field.name), getattr(whole, field.name)
        assert (mine is None) == (theirs is None)
        if mine is not None:
            np.testing.assert_allclose(mine, theirs, atol=1e-6)


def test_an_empty_page_is_empty(data):
    answer = last(explore.gallery(built(), data, "test", []))
    assert answer.images.shape == (0, 12, 12) and answer.mse.shape == (0,)


def test_worst_first_ranks_the_whole_split(data):
    network = built()
    ranking = last(explore.worst_first(network, data, "test"))
    mse = ((outputs_of(network, data.test) - data.test.images.numpy() / 255)**2).mean(axis=(1, 2, 3))
    assert isinstance(ranking, Ranking)
    np.testing.assert_allclose(ranking.mse, mse, rtol=1e-5)
    assert sorted(ranking.order) == list(range(130))
    assert (np.diff(ranking.mse[ranking.order]) <= 0).all()


def test_images_that_give_no_number_rank_as_the_worst(data):
    images = data.test.images.clone()
    images[17] = 0
    ranking = last(explore.worst_first(_ByBrightness(), dataclasses.replace(data, test=Split(images, None)), "test"))
    assert ranking.order[0] == 17 and np.isnan(ranking.mse[17]) and len(ranking.order) == 130


class _ByBrightness(nn.Module):
    """Divides an image by its mean: not a number for a black one."""

    def forward(self, images):
        return images / images.mean(dim=(1, 2, 3), keepdim=True)


@pytest.mark.parametrize("index", [-1, 130])
def test_an_index_the_split_does_not_have_is_refused_with_its_range(data, index):
    with pytest.raises(QuestionError, match=r"Image -?\d+ is not among the test images\. Choose 0 to 129\."):
        explore.reconstruct(built(), data, "test", [0, index])
    with pytest.raises(QuestionError):
        explore.code_of(built(), data, "test", index)


# --- one image -------------------------------------------------------------------------------------------------------

def test_a_code_keeps_the_shape_of_the_code(data):
    vector, maps = explore.code_of(built(), data, "test", 9), explore.code_of(built(MAPS), data, "test", 9)
    assert vector.code.shape == (6,) and maps.code.shape == (5, 3, 3)
    np.testing.assert_allclose(vector.code, codes_of(built(), data.test.images[9:10])[0], atol=1e-5)
    np.testing.assert_array_equal(vector.image, data.test.images[9, 0].numpy())
    single = explore.reconstruct(built(), data, "test", [9])
    np.testing.assert_array_equal(vector.output, single.outputs[0])
    assert vector.mse == pytest.approx(single.mse[0], rel=1e-5)
    assert vector.label == int(data.test.labels[9])


def test_contents_say_what_the_splits_hold(data):
    answer = explore.contents(built(MAPS), data)
    assert answer.sizes == {"training": 40, "validation": 70, "test": 130}
    assert answer.code_shape == (5, 3, 3)
    squares = answer.of_class("test", 1)
    assert len(squares) and (data.test.labels[squares] == 1).all()
    assert len(answer.of_class("test", None)) == 130
    assert answer.class_of("test", int(squares[0])) == "square"


def test_images_without_labels_have_no_classes(data):
    bare = dataclasses.replace(data, test=Split(data.test.images, None))
    answer = explore.contents(built(), bare)
    assert answer.class_of("test", 0) == "" and len(answer.of_class("test", 2)) == 130
    assert explore.reconstruct(built(), bare, "test", [1]).labels is None
    assert explore.code_of(built(), bare, "test", 1).label is None


# --- the plane -------------------------------------------------------------------------------------------------------

def svd_scores(codes):
    """Scores and directions of the first two principal components, by the singular value decomposition."""
    centred = codes - codes.mean(axis=0)
    _, singular, rows = np.linalg.svd(centred, full_matrices=False)
    return centred @ rows[:2].T, rows[:2], singular**2 / (singular**2).sum()


def test_a_piece_takes_about_as_long_as_it_may(monkeypatch):
    """Work of 1 ms an image in pieces of at most 8 ms, of 10 µs in pieces of hundreds of images."""
    for image_s, low, high in ((1e-3, 8, 8), (1e-5, 100, 256), (1e-4, 30, 80)):
        clock = [0.0]
        monkeypatch.setattr(asking.time, "thread_time", lambda clock=clock: clock[0])
        sizes, covered = [], 0
        for piece in asking.pieces(5000):
            assert piece.start == covered
            covered = piece.stop
            sizes.append(piece.stop - piece.start)
            clock[0] += sizes[-1] * image_s
        assert covered == 5000 and low <= np.median(sizes) <= high


def test_directions_are_found_where_variances_are_close_and_where_one_is_tiny():
    generator = np.random.default_rng(4)
    for scales in ([1.0, 0.99, 0.98, *[0.97] * 40], [1.0, 1e-5, 1e-9, 0], [1.0, 0.999, 0.5], [2.0]):
        codes = generator.standard_normal((300, len(scales))) * scales + 5
        search = latent.principal(codes)
        with pytest.raises(StopIteration) as end:
            for _ in range(1000):
                next(search)
        cloud, (_, rows, shares) = end.value.value, svd_scores(codes)
        found = min(2, len(scales))
        assert np.abs(np.abs((cloud.directions[:found] * rows[:found]).sum(axis=1)) - 1).max() < 1e-5
        np.testing.assert_allclose(cloud.shares[:found], shares[:found], rtol=1e-6)


@pytest.mark.parametrize(("encoder", "validation"), [(VECTOR, 70), (MAPS, 70), (MAPS, 20)])
def test_the_principal_plane_is_that_of_the_singular_value_decomposition(encoder, validation):
    data, network = dataset_of(validation=validation), built(encoder)  # 20 images have fewer codes than numbers: 45
    plane = last(explore.code_plane(network, data, "test", 3, "pca", 5, 0.1))
    codes = codes_of(network, data.validation.images)
    scores, rows, shares = svd_scores(codes)
    signs = np.sign((scores * plane.scores).sum(axis=0))
    np.testing.assert_allclose(plane.scores, scores * signs, atol=1e-3)
    np.testing.assert_allclose(plane.explained, shares[:2], rtol=1e-4)
    np.testing.assert_allclose(plane.x, np.linspace(*np.quantile(plane.scores[:, 0], [0.1, 0.9]), 5), rtol=1e-3)
    np.testing.assert_allclose(plane.y[::-1], np.linspace(*np.quantile(plane.scores[:, 1], [0.1, 0.9]), 5), rtol=1e-3)
    point = codes.mean(axis=0) + plane.x[4] * signs[0] * rows[0] + plane.y[1] * signs[1] * rows[1]
    expected = decoded(network, point)
    np.testing.assert_allclose(plane.pictures[1 * 5 + 4], expected, atol=2)
    assert plane.pictures.shape == (25, 12, 12)


def decoded(network, point):
    """(d,) -> uint8-valued (H, W)."""
    with torch.no_grad():
        codes = torch.from_numpy(np.float32(point)).reshape(1, *network.plan.code)
        return network.decode(codes)[0, 0].numpy().clip(0, 1) * 255


def test_two_dimensions_of_the_code_vary_in_its_own_units(data):
    network = built()
    plane = last(explore.code_plane(network, data, "test", 3, (4, 1), 3, 0.0))
    codes = codes_of(network, data.validation.images)
    np.testing.assert_allclose(plane.x, np.linspace(codes[:, 4].min(), codes[:, 4].max(), 3), rtol=1e-4)
    np.testing.assert_allclose(plane.y, np.linspace(codes[:, 1].max(), codes[:, 1].min(), 3), rtol=1e-4)
    np.testing.assert_allclose(plane.position, codes_of(network, data.test.images[3:4])[0, [4, 1]], rtol=1e-4)
    point = codes.mean(axis=0)
    point[[4, 1]] = plane.x[0], plane.y[2]
    np.testing.assert_allclose(plane.pictures[2 * 3 + 0], decoded(network, point), atol=2)
    assert plane.explained is None


@pytest.mark.parametrize("axes", ["pca", (0, 2)])
def test_through_the_image_the_plane_holds_the_image_at_its_position(data, axes):
    network = built()
    plane = last(explore.code_plane(network, data, "test", 3, axes, 2, 0.0, True))
    codes = codes_of(network, data.validation.images)
    own = codes_of(network, data.test.images[3:4])[0]
    rows = svd_scores(codes)[1] if axes == "pca" else np.eye(6)[list(axes)]
    origin = codes.mean(axis=0) if axes == "pca" else 0
    signs = np.sign(((codes - origin) @ rows.T * plane.scores).sum(axis=0)) if axes == "pca" else np.ones(2)
    offset = (np.array([plane.x[1], plane.y[0]]) - plane.position) * signs
    np.testing.assert_allclose(plane.pictures[1], decoded(network, own + offset @ rows), atol=2)


def test_directions_keep_sign_and_order_when_weights_change(data):
    """The same space turned, mirrored and stretched until its second direction varies most."""
    network, changed = built(), built()
    before = last(explore.code_plane(network, data, "test", 3, "pca", 3, 0.02))
    codes = codes_of(network, data.validation.images)
    rows = svd_scores(codes)[1]
    basis = np.concatenate([rows, np.linalg.svd(rows)[2][2:]])
    flip = basis.T @ np.diag([-1.0, -30.0, 1e-3, 1e-3, 1e-3, 1e-3]) @ basis
    linear = next(module for module in reversed(list(changed.encoder.modules())) if isinstance(module, nn.Linear))
    linear.weight = nn.Parameter(torch.from_numpy(np.float32(flip)) @ linear.weight, requires_grad=False)
    linear.bias = nn.Parameter(torch.from_numpy(np.float32(flip)) @ linear.bias, requires_grad=False)
    free = last(explore.code_plane(changed, data, "test", 3, "pca", 3, 0.02))
    kept = last(explore.code_plane(changed, data, "test", 3, "pca", 3, 0.02, False, before.scores))
    assert abs(np.corrcoef(before.scores[:, 0], free.scores[:, 0])[0, 1]) < 0.9  # without help the order is lost
    for axis in (0, 1):
        assert np.corrcoef(before.scores[:, axis], kept.scores[:, axis])[0, 1] > 0.9
    assert kept.explained[0] < kept.explained[1]


def test_scores_of_other_images_do_not_turn_the_plane(data):
    network = built()
    alone = last(explore.code_plane(network, data, "test", 3))
    beside = last(explore.code_plane(network, data, "test", 3, previous=-alone.scores[:10]))
    np.testing.assert_array_equal(alone.scores, beside.scores)


def test_a_code_of_one_number_gives_one_row(data):
    network = built((Linear(size=1, activation="none"),))
    for axes in ("pca", (0, 0)):
        plane = last(explore.code_plane(network, data, "test", 0, axes, 7))
        assert plane.pictures.shape == (7, 12, 12) and plane.y.tolist() == [0]


def test_a_dimension_that_does_not_vary_is_one_unit_wide_and_says_so(data):
    network = built()
    linear = next(module for module in reversed(list(network.encoder.modules())) if isinstance(module, nn.Linear))
    linear.weight[2], linear.bias[2] = 0, 1.5
    plane = last(explore.code_plane(network, data, "test", 0, (2, 0), 3))
    assert plane.constant == (True, False)
    np.testing.assert_allclose(plane.x, [1, 1.5, 2])


def test_a_dimension_the_code_does_not_have_is_refused(data):
    with pytest.raises(QuestionError, match=r"The code has no dimension 6\. Choose 0 to 5\."):
        last(explore.code_plane(built(), data, "test", 0, (0, 6)))


def test_the_plane_of_many_images_uses_a_thousand_evenly_spaced_ones():
    data = dataset_of(validation=2500)
    indices = explore.fixed_indices(data)
    assert len(indices) == 1000 and indices[0] == 0 and indices[-1] == 2499 and set(np.diff(indices)) == {2, 3}
    plane = last(explore.code_plane(built(), data, "test", 0, (0, 1), 2))
    np.testing.assert_allclose(plane.scores[:, 0], codes_of(built(), data.validation.images[indices])[:, 0], rtol=1e-3,
                               atol=1e-4)
    np.testing.assert_array_equal(plane.labels, data.validation.labels.numpy()[indices])


def test_a_model_is_asked_for_the_fixed_codes_only_once(data):
    network = built()
    assert sum(isinstance(piece, Plane) for piece in explore.code_plane(network, data, "test", 0, size=2)) == 1
    first = next(iter(explore.code_plane(network, data, "test", 0, size=2)))
    assert (first.done, first.total) == (70, 74)  # the codes are there: only the grid is left
    other = next(iter(explore.code_plane(network, dataclasses.replace(data, fingerprint="other"), "test", 0, size=2)))
    assert other.done == 0


def test_codes_of_only_a_few_models_are_kept(data):
    networks = [built() for _ in range(fixedcodes.KEPT_CLOUDS + 3)]
    for network in networks:
        last(explore.code_plane(network, data, "test", 0, size=2))
    assert [network in fixedcodes.clouds for network in networks] == [False] * 3 + [True] * fixedcodes.KEPT_CLOUDS


# --- between two images ----------------------------------------------------------------------------------------------

def slerp(a, b, t):
    """Along the arc in the plane of a and b, by turning a towards the part of b at right angles to it."""
    angle = np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    length_a, length_b = np.linalg.norm(a), np.linalg.norm(b)
    across = b / length_b - np.cos(angle) * a / length_a
    across /= np.linalg.norm(across)
    # unit vectors turn by t·angle; lengths follow Shoemake's weights
    weights = np.sin((1 - t) * angle) / np.sin(angle), np.sin(t * angle) / np.sin(angle)
    along, over = weights[0] * length_a + weights[1] * length_b * np.cos(angle), weights[1] * length_b * np.sin(angle)
    return along * a / length_a + over * across


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_the_straight_path_mixes_codes_and_the_crossfade_mixes_pixels(data, t):
    network = built()
    blend = explore.interpolation(network, data, ("test", 4), ("training", 7), "straight", t)
    a, b = codes_of(network, data.test.images[4:5])[0], codes_of(network, data.training.images[7:8])[0]
    np.testing.assert_allclose(blend.picture, decoded(network, (1 - t) * a + t * b), atol=1)
    pixels = (1 - t) * data.test.images[4, 0].numpy() + t * data.training.images[7, 0].numpy()
    np.testing.assert_allclose(blend.crossfade, pixels, atol=0.51)
    np.testing.assert_array_equal(blend.ends[1], data.training.images[7, 0].numpy())
    assert blend.labels == (int(data.test.labels[4]), int(data.training.labels[7]))


@pytest.mark.parametrize("t", [0.0, 0.3, 1.0])
def test_the_spherical_path_follows_the_arc(data, t):
    network = built()
    blend = explore.interpolation(network, data, ("test", 4), ("test", 8), "spherical", t)
    a, b = codes_of(network, data.test.images[[4, 8]])
    np.testing.assert_allclose(blend.picture, decoded(network, slerp(a, b, t)), atol=1)
    assert t in (0.0, 1.0) or np.abs(slerp(a, b, t) - (1 - t) * a - t * b).max() > 0.01


@pytest.mark.parametrize("other", [4, "zero"])
def test_codes_without_an_arc_between_them_go_straight(data, other):
    images = data.test.images.clone()
    network = built((Linear(size=5, activation="relu"),))
    if other == "zero":
        network.encoder[0].linear.bias.fill_(-1e3)
    blend = explore.interpolation(network, dataclasses.replace(data, test=Split(images, None)), ("test", 4),
                                  ("test", 5 if other == "zero" else 4), "spherical", 0.5)
    np.testing.assert_allclose(blend.picture, decoded(network, codes_of(network, images[4:5])[0]), atol=1)


def test_the_strip_has_i_tenths_of_the_one_and_the_rest_of_the_other(data):
    network = built(MAPS)
    answer = explore.strip(network, data, ("test", 4), ("test", 8), "straight")
    right, left = codes_of(network, data.test.images[[8, 4]])
    np.testing.assert_allclose(answer.t, np.arange(1, 11) / 10)
    for i in range(1, 11):
        expected = decoded(network, (i / 10) * right + ((10 - i) / 10) * left)
        np.testing.assert_allclose(answer.pictures[i - 1], expected, atol=1)
    np.testing.assert_allclose(answer.crossfades[-1], data.test.images[8, 0].numpy(), atol=0.51)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_saved_strip_and_animation_hold_their_pictures(channels):
    data, network = dataset_of(channels), built(dataset="cifar-10" if channels == 3 else "digits")
    image = PIL.Image.open(io.BytesIO(explore.strip_figure(network, data, ("test", 4), ("test", 8), "straight")))
    assert image.mode == ("RGB" if channels == 3 else "L")
    assert image.size == (10 * (120 + 2) + 2, 3 * (120 + 2) + 2)  # 12 pixels, ten times as large
    pixels = np.asarray(image)
    answer = explore.strip(network, data, ("test", 4), ("test", 8), "straight")
    np.testing.assert_array_equal(pixels[2 + 122:122 + 122:10, 2 + 9 * 122:10 * 122:10], answer.pictures[9])
    np.testing.assert_array_equal(pixels[2:122:10, 2:122:10], answer.ends[0])
    assert (pixels[2:122, 124:9 * 122] == 255).all()
    film = PIL.Image.open(io.BytesIO(explore.animation(network, data, ("test", 4), ("test", 8), "straight", 5)))
    assert film.n_frames == 8 and film.info["loop"] == 0 and film.size == (228, 228)  # there and back, ends once


# --- what questions leave alone --------------------------------------------------------------------------------------

QUESTIONS = {
    "reconstruct": ("test", [1, 2]),
    "gallery": ("test", range(60)),
    "worst_first": ("test",),
    "code_of": ("test", 1),
    "code_plane": ("test", 1, "pca", 3),
    "contents": (),
    "interpolation": (("test", 1), ("test", 2), "spherical", 0.5),
    "strip": (("test", 1), ("test", 2), "straight"),
    "animation": (("test", 1), ("test", 2), "straight", 3),
    "strip_figure": (("test", 1), ("test", 2), "straight"),
}


def arrays_in(answer):
    return [value for value in vars_of(answer) if isinstance(value, np.ndarray)]


def vars_of(answer):
    if not dataclasses.is_dataclass(answer):
        return []
    return [getattr(answer, field.name) for field in dataclasses.fields(answer)]


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_draws_nothing_and_leaves_mode_data_and_gradients_alone(data, name):
    network = built().train()
    torch.manual_seed(3)
    state, images = torch.get_rng_state(), data.test.images.clone()
    answer = getattr(explore, name)(network, data, *QUESTIONS[name])
    for piece in [answer] if dataclasses.is_dataclass(answer) or isinstance(answer, bytes) else answer:
        assert network.training
        assert not torch.is_inference_mode_enabled()
        for array in arrays_in(piece):
            array.fill(0)  # its own: nothing else is changed
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(images, data.test.images)


@pytest.mark.parametrize("name", QUESTIONS)
def test_dropout_is_off_while_asked(data, name):
    """A model left in training mode answers as one in eval mode, without its mode changing."""

    def answer_of(network):
        answer = getattr(explore, name)(network, data, *QUESTIONS[name])
        return answer if dataclasses.is_dataclass(answer) or isinstance(answer, bytes) else list(answer)[-1]

    one, other = answer_of(built().train()), answer_of(built())
    if isinstance(one, bytes):
        assert one == other
    for a, b in zip(arrays_in(one), arrays_in(other), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1)  # sums differ in their last bits with the size of pieces
