"""The records, in two groups that no foreign key crosses: by address digest, and by account."""

from app.models.accounts import Account, AddressChange, PhoneProof, SessionRow
from app.models.addresses import AddressRow, ContactPoint, ErasedAddress, OptInItem, OptInRequest, Suppression
from app.models.base import Base
from app.models.challenges import SpentProof
from app.models.check_ins import CheckIn
from app.models.credentials import AttemptRow, PasskeyRow, PasswordRow, RecoveryCodeRow, SecondFactorRow
from app.models.external import ExternalIdRow, PrivacyReferral
from app.models.feedback import LeavingReason
from app.models.imports import ImportJob, ImportPiece, ImportRehearsal, ImportReject
from app.models.ledger import (
    Consent,
    ConsentEvent,
    EventDetail,
    EventFeed,
    FeedPending,
    FeedState,
    Item,
    Notice,
)
from app.models.messages import DevelopmentMail, Message, OAuthClient, SigningKey, Tally
from app.models.privacy import PrivacyExport, PrivacyRequest
from app.models.profile import ProfileChange, ProfileRow
from app.models.reconsent import ReconsentRequest
from app.models.requests import AnsweredRequest
from app.models.usage import ApiUsage
from app.models.webhooks import WebhookDelivery, WebhookEndpoint

__all__ = [
    "Account",
    "AddressChange",
    "AddressRow",
    "AnsweredRequest",
    "ApiUsage",
    "AttemptRow",
    "Base",
    "CheckIn",
    "Consent",
    "ConsentEvent",
    "ContactPoint",
    "DevelopmentMail",
    "ErasedAddress",
    "EventDetail",
    "EventFeed",
    "ExternalIdRow",
    "FeedPending",
    "FeedState",
    "ImportJob",
    "ImportPiece",
    "ImportRehearsal",
    "ImportReject",
    "Item",
    "LeavingReason",
    "Message",
    "Notice",
    "OAuthClient",
    "OptInItem",
    "OptInRequest",
    "PasskeyRow",
    "PasswordRow",
    "PhoneProof",
    "PrivacyExport",
    "PrivacyReferral",
    "PrivacyRequest",
    "ProfileChange",
    "ProfileRow",
    "ReconsentRequest",
    "RecoveryCodeRow",
    "SecondFactorRow",
    "SessionRow",
    "SigningKey",
    "SpentProof",
    "Suppression",
    "Tally",
    "WebhookDelivery",
    "WebhookEndpoint",
]
