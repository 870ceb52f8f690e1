"""Domains as organisations have them: the part after the @ in the addresses of their people."""

import re
import unicodedata

import email_validator
from flask_babel import gettext as _

from console.accounts.errors import AccountError
from console.models import OrganisationDomain

# As many parts as an address is looked up by; no organisation's domain has more.
PARTS_MAX = 8
MOST = 30
# Ends of addresses that many share. They say nothing about whom somebody works for.
SHARED = {
    "gmail.com", "googlemail.com", "outlook.com", "outlook.no", "hotmail.com", "hotmail.no",
    "live.com", "live.no", "msn.com", "icloud.com", "me.com", "mac.com", "yahoo.com", "yahoo.no",
    "ymail.com", "aol.com", "gmx.com", "gmx.net", "mail.com", "proton.me", "protonmail.com",
    "pm.me", "zoho.com", "fastmail.com", "tutanota.com", "tuta.com", "hey.com", "online.no",
    "getmail.no", "lyse.net", "broadpark.no", "bluezone.no", "c2i.net", "frisurf.no", "start.no",
    "sensewave.com", "ebnett.no", "haugnett.no", "loqal.no", "kommune.no", "fylkeskommune.no",
    "herad.no", "dep.no", "stat.no", "mil.no", "vgs.no", "priv.no", "museum.no", "idrett.no",
    "folkebibl.no", "fylkesbibl.no", "co.no", "co.uk",
}  # fmt: skip


def clean_domains(text: str) -> list[str]:
    """The domains in a text that has them on lines of their own, or with commas between."""
    found = dict.fromkeys(clean_domain(part) for part in re.split(r"[\s,;]+", text) if part)
    if len(found) > MOST:
        raise AccountError(
            _("At most %(most)d domains for one organisation.", most=MOST),
            field="domains",
            status=422,
        )
    return sorted(found)


def clean_domain(text: str) -> str:
    """The domain, also out of an address of a mail or a page. Raises AccountError."""
    plain = unicodedata.normalize("NFKC", text).strip().lower()
    plain = re.sub(r"^https?://", "", plain).partition("/")[0].rpartition("@")[2]
    plain = plain.strip(".").removeprefix("www.")
    try:
        if plain.count(".") >= PARTS_MAX:
            raise ValueError
        # As an address is kept, so that the two are compared as what they are.
        valid = email_validator.validate_email(f"post@{plain}", check_deliverability=False)
    except ValueError:
        raise _refusal(
            _("%(domain)s is no domain. Write it as in lillevik.no.", domain=text[:60])
        ) from None
    domain = valid.domain.lower()
    if len(domain) > OrganisationDomain.DOMAIN_MAX:
        raise _refusal(_("%(domain)s is no domain. Write it as in lillevik.no.", domain=text[:60]))
    if domain in SHARED:
        raise _refusal(
            _(
                "%(domain)s is shared by many: an address there does not say whom somebody works"
                " for.",
                domain=domain,
            )
        )
    return domain


def parents(email: str) -> list[str]:
    """The domain of an address and those above it, the nearest first."""
    parts = email.partition("@")[2].lower().split(".")[-PARTS_MAX:]
    return [".".join(parts[i:]) for i in range(len(parts) - 1)]


def _refusal(sentence: str) -> AccountError:
    return AccountError(sentence, field="domains", status=422)
