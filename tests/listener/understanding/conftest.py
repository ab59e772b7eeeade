"""One default classifier for all tests of the understanding."""

import pytest

from listener.understanding.classifier import Default


@pytest.fixture(scope="session")
def classify() -> Default:
    return Default()
