"""The history of accounts: what can happen to one, and the only way to write it down."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from console import clock
from console.models import AccountEvent, User


class Kind(StrEnum):
    """What can happen to an account."""

    REGISTERED = "account.registered"
    CREATED = "account.created"
    INTRODUCED = "account.introduced"
    WORKER_REQUESTED = "account.worker_requested"
    APPROVED = "account.approved"
    DECLINED = "account.declined"
    ROLE_CHANGED = "account.role_changed"
    DEACTIVATED = "account.deactivated"
    REACTIVATED = "account.reactivated"
    LINK_ISSUED = "account.link_issued"
    PASSWORD_CHANGED = "account.password_changed"
    PHONE_CHANGED = "account.phone_changed"
    ORGANISATION_CHANGED = "account.organisation_changed"
    NOTICES_CHOSEN = "account.notices_chosen"
    # What an admin did to the lists that everybody uses stands in his own history.
    ROLE_DEFINED = "account.role_defined"
    ROLE_REMOVED = "account.role_removed"
    LIST_CHANGED = "account.list_changed"


def record(
    session: Session, actor: User, account: User, kind: Kind, **changes: list[Any]
) -> AccountEvent:
    """Add a row to the account's history."""
    event = AccountEvent(
        account=account, actor=actor, kind=kind.value, changes=changes, created_at=clock.now()
    )
    session.add(event)
    return event


def record_all(
    session: Session, actor: User, accounts: Sequence[int], kind: Kind, **changes: list[Any]
) -> None:
    """Add the same row to the history of many accounts, which are given by their numbers."""
    row = {
        "actor_id": actor.id, "kind": kind.value, "changes": changes, "created_at": clock.now()
    }  # fmt: skip
    session.execute(insert(AccountEvent), [{**row, "account_id": number} for number in accounts])
