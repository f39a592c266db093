"""Distributions of codes against numpy, scipy's normal density and scikit-learn's estimates."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from engine import sampling
from engine.answers import QuestionError


def codes_of(count, size, seed=0):
    """Correlated codes with a mean that is not 0."""
    generator = np.random.default_rng(seed)
    return generator.standard_normal((count, size)) @ generator.standard_normal((size, size)) + np.arange(size)


def test_a_full_normal_has_the_mean_covariance_and_density_of_the_codes():
    codes = codes_of(400, 5)
    fitted = sampling.full(codes)
    drawn = fitted.draw(60_000, np.random.default_rng(1))
    np.testing.assert_allclose(drawn.mean(0), codes.mean(0), atol=0.1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(codes.T), rtol=0.1, atol=0.3)
    expected = multivariate_normal(codes.mean(0), np.cov(codes.T, bias=True)).logpdf(codes[:20])
    np.testing.assert_allclose(fitted.log_density(codes[:20]), expected, rtol=1e-6)


def test_a_diagonal_normal_ignores_what_numbers_have_in_common():
    codes = codes_of(300, 4)
    fitted = sampling.diagonal(codes)
    expected = multivariate_normal(codes.mean(0), np.diag(codes.var(0))).logpdf(codes[:9])
    np.testing.assert_allclose(fitted.log_density(codes[:9]), expected, rtol=1e-9)
    drawn = fitted.draw(40_000, np.random.default_rng(0))
    assert abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.03


@pytest.mark.parametrize(("count", "size"), [(6, 20), (40, 41)])
def test_fewer_codes_than_numbers_give_ledoit_and_wolfs_estimate_and_say_so(count, size):
    from sklearn.covariance import LedoitWolf

    codes = codes_of(count, size)
    fitted, theirs = sampling.full(codes), LedoitWolf().fit(codes)
    assert isinstance(fitted, sampling.Shrunk) and "shrinkage" in fitted.note and f"{count} codes" in fitted.note
    assert fitted.shrinkage == pytest.approx(theirs.shrinkage_, rel=1e-6)
    expected = multivariate_normal(codes.mean(0), theirs.covariance_).logpdf(codes)
    np.testing.assert_allclose(fitted.log_density(codes), expected, rtol=1e-6)
    drawn = fitted.draw(100_000, np.random.default_rng(2))
    np.testing.assert_allclose(np.cov(drawn.T), theirs.covariance_, atol=0.05 * np.trace(theirs.covariance_) / 5)


def test_the_temperature_scales_the_deviation_from_the_mean():
    codes = codes_of(50, 3)
    for fitted in (sampling.full(codes), sampling.diagonal(codes), sampling.shrunk(codes), sampling.standard(3)):
        cold, warm = (fitted.draw(5, np.random.default_rng(3), temperature) for temperature in (0.5, 1.0))
        np.testing.assert_allclose(cold - fitted.mean, 0.5 * (warm - fitted.mean))
        np.testing.assert_allclose(fitted.draw(2, np.random.default_rng(3), 0.0), np.stack([fitted.mean] * 2))


def test_classes_are_mixed_by_their_shares_or_taken_alone():
    codes = np.concatenate([codes_of(90, 2), codes_of(30, 2, seed=4) + 500])
    labels = np.array([0] * 90 + [2] * 30)
    names = ("a", "b", "c")
    both = sampling.classes(codes, labels, None, names)
    drawn = both.draw(4_000, np.random.default_rng(0))
    assert (drawn[:, 0] > 250).mean() == pytest.approx(0.25, abs=0.03)
    parts = [sampling.full(codes[:90]), sampling.full(codes[90:])]
    expected = logsumexp([part.log_density(codes[:5]) + np.log(share)
                          for part, share in zip(parts, (0.75, 0.25), strict=True)],
                         axis=0)
    np.testing.assert_allclose(both.log_density(codes[:5]), expected)
    assert (sampling.classes(codes, labels, 2, names).draw(50, np.random.default_rng(0))[:, 0] > 250).all()
    with pytest.raises(QuestionError, match="0 codes of b"):
        sampling.classes(codes, labels, 1, names)


def test_a_mixture_is_scikit_learns_and_repeats():
    from sklearn.mixture import GaussianMixture

    codes = np.concatenate([codes_of(200, 2), codes_of(200, 2, seed=3) + 300])
    fitted = sampling.mixture(codes, 2, seed=5)
    theirs = GaussianMixture(2, random_state=5, reg_covar=1e-6, max_iter=60).fit(codes)
    np.testing.assert_allclose(fitted.log_density(codes[:9]), theirs.score_samples(codes[:9]), rtol=1e-6)
    again = sampling.mixture(codes, 2, seed=5)
    np.testing.assert_array_equal(fitted.draw(9, np.random.default_rng(1)), again.draw(9, np.random.default_rng(1)))
    assert "diagonal" in sampling.mixture(codes_of(30, 10), 3, seed=0).note


def test_codes_that_never_change_and_too_few_are_no_trouble_or_named():
    constant = np.full((9, 3), 2.5)
    for fitted in (sampling.full(constant), sampling.diagonal(constant), sampling.shrunk(constant)):
        assert np.isfinite(fitted.log_density(constant)).all()
        np.testing.assert_allclose(fitted.draw(4, np.random.default_rng(0)), 2.5, atol=1e-4)
    for fit in (sampling.full, sampling.diagonal):
        with pytest.raises(QuestionError, match="1 codes are too few; at least 2"):
            fit(codes_of(1, 3))


def test_codes_larger_than_memory_are_refused_where_a_covariance_would_be_made(monkeypatch):
    monkeypatch.setattr(sampling, "MOST_NUMBERS", 4)
    with pytest.raises(QuestionError, match="Use the diagonal one"):
        sampling.full(codes_of(20, 5))
    assert isinstance(sampling.full(codes_of(5, 5)), sampling.Shrunk)
