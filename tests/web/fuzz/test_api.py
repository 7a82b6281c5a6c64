"""Every operation under /api and /v1 with all that its description allows, and what it forbids."""

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.web.fuzz.application import SCHEMA
from tests.web.fuzz.known import Known


@pytest.fixture(scope="module")
def known() -> Known:
    return Known()


@SCHEMA.parametrize()
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_it_answers_as_it_is_described(case: schemathesis.Case, known: Known) -> None:
    if case.path_parameters:
        # Guessed ones are all unknown.
        case.path_parameters = {name: known.id_of(name) for name in case.path_parameters}
    case.call_and_validate()
