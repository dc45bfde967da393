"""Every failure of the domain that can reach a page is told there in the reader's words."""

from app import errors
from app.http.errors import STATUS
from app.web.failures import SENTENCES

OF_THE_API = {
    errors.InvalidSubject, errors.BrandForbidden, errors.EvidenceNotTrusted, errors.UnknownSubject, errors.Conflict,
    errors.RequestInFlight, errors.KeyReused, errors.ExternalIdTaken, errors.Restricted, errors.NotProved,
    errors.NotLiftable, errors.BadTarget, errors.TooMany,
}  # fmt: skip
OF_EMBEDDED_FORMS = {errors.ProofRefused, errors.ProofSpent}
TOLD_OTHERWISE = {*OF_THE_API, *OF_EMBEDDED_FORMS, errors.StaleLocks}
"""Lost races are told as a database that is away."""


def test_every_failure_has_its_sentence():
    known = {failure for failure in STATUS if issubclass(failure, errors.DomainError)}
    assert {failure.code for failure in known - TOLD_OTHERWISE} == set(SENTENCES)
