"""Knows a bare "takk!", which should not open a closed ticket again.

A ticket opened for nothing costs a click; one that stays closed over a complaint costs the
requester a day. So every word must be known here, and whatever is unsure is no thanks.
"""

import re

WORDS_MAX = 12

# In these lists an underscore joins the words of a phrase, which are known only together.
# What is said in thanks, or of work that went well.
THANKS_WORDS = """
takk takker takkar tusentakk mangetakk takk_skal_du_ha takk_skal_dere_ha takk_skal_de_ha
takk_skal_du_få jeg_setter_pris_på_det det_setter_jeg_pris_på setter_pris_på setter_stor_pris_på
supert super perfekt fint fine flott flotte topp toppen herlig herleg kjempefint kjempeflott
kjempebra kjempefine strålende strålande utmerket utmerka fantastisk nydelig nydeleg knall
knallbra knallfint glimrende glimrande bra ypperlig ypperleg greit kult digg fett konge
den_er_god den_er_grei den_er_fin alt_i_orden alt_er_i_orden det_er_i_orden nå_er_det_i_orden
no_er_det_i_orden alt_ok alt_er_ok det_er_ok nå_er_alt_ok
det_er_bra det_er_fint det_er_flott det_er_supert det_er_perfekt det_er_topp det_var_bra
det_var_fint det_var_flott det_var_supert det_var_raskt det_var_kjempebra dette_var_bra
det_fungerer det_funker det_virker det_fungerer_nå det_funker_nå det_virker_nå nå_fungerer_det
nå_funker_det nå_virker_det nå_fungerer_alt nå_virker_alt nå_funker_alt alt_fungerer alt_virker
alt_funker alt_fungerer_nå alt_virker_nå alt_funker_nå fungerer_nå funker_nå virker_nå
fungerer_fint funker_fint virker_fint fungerer_bra funker_bra virker_bra fungerer_perfekt
funker_perfekt virker_perfekt fungerer_som_det_skal virker_som_det_skal funker_som_det_skal
nå_er_det_bra nå_er_alt_bra nå_er_det_løst det_fungerer_som_det_skal det_virker_som_det_skal
det_verkar det_verkar_no no_verkar_det no_verkar_alt verkar_no verkar_fint alt_verkar
det_fungerer_no no_fungerer_det fungerer_no det_funkar det_funkar_no no_funkar_det
det_ordnet_seg det_ordna_seg det_løste_seg det_løyste_seg det_hjalp det_hjelpte det_gikk_bra
det_gikk_fint det_gjekk_bra det_gjekk_fint nå_gikk_det no_gjekk_det løst_takk
ordnet_takk ordna_takk fikset_takk bra_jobba bra_jobbet godt_jobba godt_jobbet
saken_er_løst saka_er_løyst ok okay okei okey oki
thanks thankyou thank_you thx ty tnx cheers great perfect excellent awesome brilliant wonderful
fantastic lovely superb nice much_appreciated appreciated appreciate_it i_appreciate_it
we_appreciate_it well_done good_job great_job great_work good_work nice_work you_are_the_best
youre_the_best it_works works_now it_works_now works_fine it_works_fine works_great
works_perfectly works_fine_now it_works_perfectly it_is_working_now its_working_now working_now
all_good all_good_now all_is_good everything_works everything_works_now all_works_now
that_works that_worked it_worked that_did_it that_helped it_helped thats_great thats_perfect
that_is_great that_is_perfect its_fixed it_is_fixed its_solved fixed_thanks solved_thanks
tack tackar stort_tack underbart jättebra kanon kanonbra härligt utmärkt toppenbra
det_fungerar det_fungerar_nu nu_fungerar_det fungerar_nu allt_fungerar allt_fungerar_nu
nu_funkar_det det_funkar_nu bra_jobbat
"""
# What may stand beside it and changes nothing.
FILLER_WORDS = """
hei heisann hallo hello hi hey hej kjære dear alle alle_sammen everyone all guys team folkens
for hjelpen hjelpa hjelp hjelpen_din hjelpa_di rask raske kjapp kjapt raskt hurtig god gode
kjempegod supergod flink flinke så mye mykje veldig svært tusen mange hjertelig kjempe
svar svaret respons responsen tilbakemelding tilbakemeldingen tilbakemeldinga service servicen
innsats innsatsen innsatsa oppfølging oppfølgingen oppfølginga jobb jobben jobbing bistand
bistanden støtten tålmodigheten tålmodigheita dere deg dykk dokker jeg eg vi meg oss
og også òg nå da den det dette alt til
ha_en_fin_dag ha_ein_fin_dag ha_en_god_dag ha_ein_god_dag ha_en_fin_helg ha_ein_fin_helg
ha_en_god_helg ha_ein_god_helg ha_en_fin_kveld ha_ein_fin_kveld ha_det_bra ha_det_fint god_helg
fin_helg god_dag god_kveld god_morgen god_påske god_jul god_sommer god_ferie
the your you very so much and a_lot a an it that i we us me quick fast prompt kind help support
response reply answer service assistance effort good really both now then
have_a_nice_day have_a_good_day have_a_great_day have_a_nice_weekend have_a_good_weekend
have_a_great_weekend
för hjälpen hjälp snabb snabba snabbt din mycket jättemycket ni dig jag och nu allt
ha_en_bra_dag ha_en_trevlig_helg trevlig_helg
"""
# With one of these it may be a complaint, in whatever part of the text it stands.
AGAINST_WORDS = """
men fortsatt framleis fremdeles ikke ikkje inte igjen enda endå ennå enno dessverre diverre likevel
bortsett unntatt aldri ingen ingenting feil feilen problem problemer problemet
not still again but yet however although except unfortunately never nothing problems issue error
doesnt didnt dont cannot cant wont isnt wasnt couldnt
fortfarande ännu igen dock tyvärr aldrig fel ps nb obs
"""
# A line under the name that has one of these is no title and no address.
SAYING_WORDS = """
jeg eg vi du dere det den er har kan vil må trenger får kommer henger mangler når hvordan kvifor
hvorfor please i we it is are has have can could need needs when how why jag det är kan
"""
SMILES = re.compile(
    "[👍👌🙏😊🙂😀😃😄😁😎😍🥰🤗🤩🥳🎉👏💪🙌🫶✅⭐🌟✨🌞☀🌸☺❤🧡💛💚💙💜]"
    "[\ufe0f\U0001f3fb-\U0001f3ff]*"
    r"|(?<!\S)(?:[:;=8]-?[)dp]|<3)(?!\w)",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W\d_]+")
# All that may be left when words and smiles are gone. No bracket: it may be a sad mouth.
PUNCTUATION = re.compile(r"[\s.,!;:…*\"«»“”–—-]*")
APOSTROPHES = re.compile("['’`´]")

# "Den tir. 3. mars 2026 kl. 10:12 skrev Ola <ola@x.no>:", which mail programs break in two.
WROTE_STARTS = re.compile(r"(?:den|on|på|[0-9]{1,2}\.)\s", re.IGNORECASE)
WROTE = re.compile(r"\b(?:skrev|wrote)\b", re.IGNORECASE)
DIGIT = re.compile(r"[0-9]")
# From here on Outlook repeats what was written before.
QUOTE_BELOW = re.compile(
    r"^(?:_{5,}\s*)?(?:-{3,} ?(?:opprinnelig melding|opphavleg melding|original message"
    r"|ursprungligt meddelande|videresendt melding|forwarded message) ?-{3,}"
    r"|\*?(?:fra|frå|from|från):.*\n\*?(?:sendt|sent|dato|date|skickat|til|to|till):)",
    re.IGNORECASE | re.MULTILINE,
)
SENT_BY_PHONE = re.compile(
    r"^(?:sendt|sent|skickat) (?:fra|frå|from|från|via|med) .{0,60}$"
    r"|^(?:hent|get) outlook .{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)
SIGN_OFF = re.compile(
    r"^--[ \t]*$"
    r"|(?<![^\s.,!])(?:mvh|vh|(?:(?:med )?(?:vennlig|venleg|vänlig|vänliga|beste?|kind|warm|mange)"
    r" )?(?:hilsen|hilsning|hilsener|helsing|helsingar|hälsning|hälsningar|regards))\b",
    re.IGNORECASE | re.MULTILINE,
)
SIGNATURE_LINES, SIGNATURE_WORDS = 8, 6


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


THANKS, FILLERS = _listed(THANKS_WORDS), _listed(FILLER_WORDS)
AGAINST, SAYING = _listed(AGAINST_WORDS), _listed(SAYING_WORDS)
PHRASE_MAX = max(phrase.count("_") + 1 for phrase in THANKS | FILLERS)


def is_thanks(text: str) -> bool:
    """Whether a reply says thank you, or that all is well, and nothing else at all."""
    said = _without_quotes(text)
    if "?" in said or AGAINST & set(_words(said)):
        return False
    said, smiles = SMILES.subn(" ", _without_signature(said))
    words = _words(said)
    if len(words) > WORDS_MAX or not PUNCTUATION.fullmatch(WORD.sub("", _plain(said))):
        return False
    phrases = _phrases(words)
    return phrases is not None and (smiles > 0 or not THANKS.isdisjoint(phrases))


def _plain(said: str) -> str:
    return APOSTROPHES.sub("", said.casefold())


def _words(said: str) -> list[str]:
    return WORD.findall(_plain(said))


def _phrases(words: list[str]) -> set[str] | None:
    """The known phrases that the words are made of, the longest first; None with one unknown."""
    found: set[str] = set()
    at = 0
    while at < len(words):
        ends = range(min(at + PHRASE_MAX, len(words)), at, -1)
        known = (end for end in ends if "_".join(words[at:end]) in THANKS | FILLERS)
        end = next(known, None)
        if end is None:
            return None
        found.add("_".join(words[at:end]))
        at = end
    return found


def _without_quotes(text: str) -> str:
    """What is new in a reply that repeats the message it answers."""
    if below := QUOTE_BELOW.search(text):
        text = text[: below.start()]
    kept: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith(">"):
            continue
        if _says_who_wrote(line):
            continue
        if kept and line.endswith(":") and _says_who_wrote(f"{kept[-1]} {line}"):
            kept.pop()
            continue
        kept.append(line.rstrip())
    return "\n".join(kept)


def _says_who_wrote(line: str) -> bool:
    line = line.strip()
    return line.endswith(":") and all(
        (WROTE_STARTS.match(line), DIGIT.search(line), WROTE.search(line))
    )


def _without_signature(said: str) -> str:
    """The text without name, title and address; with them, where more than that stands there."""
    said = SENT_BY_PHONE.sub("", said)
    sign_off = SIGN_OFF.search(said)
    if not sign_off:
        return said
    lines = [_words(line) for line in said[sign_off.end() :].splitlines() if line.strip()]
    if len(lines) > SIGNATURE_LINES or any(
        len(words) > SIGNATURE_WORDS or SAYING & set(words) for words in lines
    ):
        return said
    return said[: sign_off.start()]
