"""What the program tells admins of itself."""

from typing import Any

from sqlalchemy import select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.types import String

from console.models import ADMINISTER, Medium, Role, Topic, User
from console.notify import choices, outbox

ADMINS_MAX = 100


def stopped(session: Session, team: list[str]) -> int:
    """Owe every admin, and the team's places, word that the automatic messages stand still."""
    admins = session.scalars(
        select(User)
        .join(User.role)
        .where(
            type_coerce(Role.permissions, String).contains(ADMINISTER),
            User.active.is_(True),
        )
        .order_by(User.id)
        .limit(ADMINS_MAX)
    ).all()
    alarms: list[dict[str, Any]] = [
        {"recipient_id": admin.id, "recipient": address, "channel": medium, "topic": Topic.ALARM}
        for admin in admins
        for medium in (Medium.MAIL, Medium.CHAT)
        if (address := choices.address(admin, medium))
    ]
    alarms += [
        {"recipient_id": None, "recipient": label, "channel": Medium.TEAM, "topic": Topic.ALARM}
        for label in team
    ]
    outbox.owe(session, alarms, hold=outbox.AT_ONCE)
    return len(alarms)
