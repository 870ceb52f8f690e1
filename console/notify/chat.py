"""Chat and text messages, by Apprise: one address says which service, where, and with what key.

Such an address is as good as a password: no sentence, log line or reason from here has any of it.
Apprise takes a third of a second to load and is loaded when something is to be sent.
"""

import hashlib
import logging
import re
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from flask import current_app
from flask_babel import gettext as _

from console.models import User
from console.refusals import Refusal

# What a person may send to: services of the internet, and those that an office has of its own.
# Never what writes files, runs programs or posts whatever wherever.
SERVICES = {
    "slack", "discord", "workflow", "workflows", "gchat", "webex", "wxteams", "zulip", "tgram",
    "pover", "threema", "twilio",
}  # fmt: skip
OWN_SERVERS = {"ntfy", "gotify", "mmost", "rocket", "matrix", "signal", "nctalk"}
KINDS = SERVICES | OWN_SERVERS | {f"{kind}s" for kind in OWN_SERVERS}
# As they are named to people.
EXAMPLES = "slack, workflows (Teams), discord, gchat, webex, zulip, tgram, ntfys, matrixs, signals"
CONNECT, READ, WHOLE = 4.0, 8.0, 20.0
# One that took so long for nothing is left alone for a while: behind each message to it others
# wait, mails among them. By their place: until when, and what it was.
SLOW, DOWN_SECONDS = 2.0, 30
_slow: dict[str, tuple[float, str]] = {}
REASON_MAX = 200
# The other side says that it never will: a wrong key, a channel that is gone. Not so 408 and 429.
FOR_GOOD = re.compile(r"error=4(?!08|25|29)\d\d")
# What calls everybody in a channel. Whoever writes a ticket's title must not be able to.
CALLS = re.compile(r"@(?=everyone|here|channel|all)|<(?=[!@])", re.I)
WORD_JOINER = "\u2060"

# Apprise's own lines name hosts, which with some services are the key, and urllib3's whole paths.
logging.getLogger("apprise").propagate = False
logging.getLogger("apprise").addHandler(logging.NullHandler())
logging.getLogger("urllib3").setLevel(logging.WARNING)


class ChatRefused(Refusal):
    """Nothing can be sent to the address, or may be."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, field="chat_url", status=422)


class ChatError(Exception):
    """A message did not leave; `permanent` when it never will."""

    def __init__(self, reason: str, *, permanent: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent


def check(url: str, *, personal: bool) -> str:
    """The address as it is to be kept. Refused when nothing can be sent to it.

    A personal one must be of a service for people, and must not lead into our own network.
    """
    url = url.strip()
    if not url.isprintable() or " " in url or (personal and len(url) > User.CHAT_URL_MAX):
        raise _shapeless()
    service = _service(url, personal=personal)
    if not personal:
        return url
    # A web address that a service has given out is kept as Apprise writes it: it says the kind.
    kept = str(service.url()) if kind_of(url) in ("http", "https") else url
    if len(kept) > User.CHAT_URL_MAX:
        raise _shapeless()
    _look_up(service)
    return kept


def send(url: str, title: str, body: str, *, personal: bool) -> None:
    """Send it now. Raises ChatError.

    A personal address is looked at again: what its name leads to may have changed.
    """
    from apprise import Apprise, NotifyFormat

    from console.notify.reach import Watch, watching

    try:
        service = _service(url, personal=personal)
    except ChatRefused as refusal:
        raise ChatError(str(refusal), permanent=True) from None
    place, now = _place(service, url), time.monotonic()
    if place in _slow and now < _slow[place][0]:
        raise ChatError(_slow[place][1])
    service.socket_connect_timeout, service.socket_read_timeout = CONNECT, READ
    watch = Watch(current_app.config["NOTIFY_PRIVATE_HOSTS"]) if personal else None
    sender = Apprise(services=[service], asset=service.asset)
    with watching(watch):
        result = sender.notify(
            title=CALLS.sub(rf"\g<0>{WORD_JOINER}", title),
            body=CALLS.sub(rf"\g<0>{WORD_JOINER}", body),
            body_format=NotifyFormat.TEXT,
            log_level=logging.WARNING,
        )
    if result:
        return
    if watch and watch.has_refused:
        raise ChatError(_("The address leads to a place that may not be reached."), permanent=True)
    said = " ".join(entry.message for entry in result.logs()) or "Apprise: failed"
    reason = _without_keys(said, url)
    if time.monotonic() - now > SLOW:
        _slow[place] = time.monotonic() + DOWN_SECONDS, reason
    raise ChatError(reason, permanent=bool(FOR_GOOD.search(said)))


def kind_of(url: str) -> str:
    """The service that the address is of, such as "slack": all of it that may be shown."""
    scheme, found, _rest = url.strip().partition("://")
    return scheme.lower() if found and re.fullmatch(r"[A-Za-z0-9]{2,20}", scheme) else ""


def team(config: Mapping[str, Any]) -> dict[str, str]:
    """The places where the whole team reads, each by a name that gives nothing away."""
    return {_label(url): url for url in config["NOTIFY_URLS"]}


def sms_url(config: Mapping[str, Any], phone: str) -> str:
    """The address that sends a text message to the number; empty without SMS_URL."""
    return str(config["SMS_URL"]).replace("{phone}", quote(phone, safe=""))


def faults(config: Mapping[str, Any]) -> list[str]:
    """What is wrong with the addresses in the settings, a sentence each."""
    wrong = []
    settings = [("NOTIFY_URLS", url) for url in config["NOTIFY_URLS"]]
    if config["SMS_URL"]:
        settings.append(("SMS_URL", sms_url(config, "+4740000000")))
    for setting, url in settings:
        try:
            check(url, personal=False)
        except ChatRefused as refusal:
            wrong.append(f"{setting} ({_label(url)}): {refusal}")
    return wrong


def _service(url: str, *, personal: bool) -> Any:
    """Apprise's service for the address. Raises ChatRefused."""
    from apprise import Apprise, AppriseAsset

    kind = kind_of(url)
    if not kind:
        raise ChatRefused(
            _("A chat address begins with its service, for example slack:// or ntfys://.")
        )
    native = kind in ("http", "https")
    if personal and kind not in KINDS and not native:
        raise _unknown(kind)
    asset = AppriseAsset(
        app_id="TicketSystem",
        http_redirects=False,
        service_timeout=WHOLE,
        language="en",
        # Apprise's own pictures would be fetched from far away.
        image_url_mask="",
        image_url_logo="",
    )
    service: Any = Apprise.instantiate(url, asset=asset)
    if service is None:
        if native or not _is_known(kind):
            raise _unknown(kind)
        raise ChatRefused(
            _(
                "That is not a whole address of %(kind)s://: something is missing or misspelt.",
                kind=kind,
            )
        )
    if personal:
        # The address itself could ask for both.
        service.redirects = False
        if native and kind_of(str(service.url())) not in KINDS:
            raise _unknown(kind)
        if len(getattr(service, "template", ())):
            raise ChatRefused(_("A chat address cannot name a template: that is a file of ours."))
    return service


def _look_up(service: Any) -> None:
    """Refuse a server that is not there, that may not be reached, or that all can listen to."""
    from console.notify.reach import Watch

    kind = kind_of(str(service.url()))
    is_own = kind.removesuffix("s") in OWN_SERVERS or kind.startswith("workflow")
    if not is_own or getattr(service, "mode", "") == "cloud":
        return
    watch = Watch(current_app.config["NOTIFY_PRIVATE_HOSTS"])
    host = str(service.host).strip("[]")
    if not (service.secure or kind.startswith("workflow") or watch.is_listed(host)):
        raise ChatRefused(
            _("Write %(kind)ss:// with an s, so that nobody on the way can read it.", kind=kind)
        )
    port = service.port or (443 if service.secure or kind.startswith("workflow") else 80)
    if not watch.find(host, port):
        # One sentence for both: it must not tell what there is in our own network.
        raise ChatRefused(
            _("There is no such server that may be reached from here: %(host)s.", host=host)
        )


def _shapeless() -> ChatRefused:
    return ChatRefused(
        _("A chat address has no blanks and at most %(most)d letters.", most=User.CHAT_URL_MAX)
    )


def _place(service: Any, url: str) -> str:
    """What answers for all addresses there, and says nothing of their keys."""
    kind = kind_of(str(service.url()))
    if kind.removesuffix("s") in OWN_SERVERS:
        return f"{kind}://{service.host}:{service.port}"
    return kind if kind in SERVICES else _label(url)


def _unknown(kind: str) -> ChatRefused:
    return ChatRefused(_("Messages cannot be sent to %(kind)s:// addresses.", kind=kind))


def _is_known(kind: str) -> bool:
    from apprise.manager_plugins import NotificationManager

    return kind in NotificationManager()


def _label(url: str) -> str:
    kind = kind_of(url)
    if kind in ("http", "https"):
        kind = urlsplit(url).hostname or kind
    return f"{kind or 'address'}-{hashlib.sha256(url.encode()).hexdigest()[:6]}"


def _without_keys(text: str, url: str) -> str:
    """The reason without anything that stands in the address."""
    rest = url.partition("://")[2]
    words = {w for whole in (rest, unquote(rest)) for w in re.split(r"[/:@?&=#,;+\s]+", whole)}
    words |= {part for word in words for part in re.split(r"[\W_]+", word)}
    for word in sorted(words, key=len, reverse=True):
        if len(word) > 2:
            text = re.sub(re.escape(word), "…", text, flags=re.I)
    return " ".join(text.split())[:REASON_MAX]
