"""Whom to call, when, and what came of it."""

from campaigns.models.carrier import CarrierLine, CarrierPace
from campaigns.models.compliance import ComplianceProfile, EmergencySwitch
from campaigns.models.contacts import (
    Consent,
    Contact,
    ContactImport,
    DoNotCall,
    PlatformDoNotCall,
    Registry,
    RegistryFile,
    RegistryNumber,
)
from campaigns.models.outreach import Attempt, AudioClip, Campaign, DialReceipt, Target
from campaigns.models.replies import Reply, ReplyStep

__all__ = [
    "Attempt",
    "AudioClip",
    "Campaign",
    "CarrierLine",
    "CarrierPace",
    "ComplianceProfile",
    "Consent",
    "Contact",
    "ContactImport",
    "DialReceipt",
    "DoNotCall",
    "EmergencySwitch",
    "PlatformDoNotCall",
    "Registry",
    "RegistryFile",
    "RegistryNumber",
    "Reply",
    "ReplyStep",
    "Target",
]
