#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An officer reads in his language: five of them, by LC_ALL, LC_MESSAGES or LANG; on a terminal names and numbers keep their
order among Arabic. What programs read is the same in all.

Broken variants: tests/checks/cli_broken."""
import json
import os
import pty
import subprocess

from story import BIN, check, complaint, must, ok, path, run, settle, started, until, write

# the head of a column, a state of the outbox, a deadline, what a refusal is, what evidence says
SAID = {
    "ar_MA.UTF-8": ("الملف", "بوصل استلام", "الأجل", "شريك غير معروف", "الإثبات صحيح."),
    "fr_FR.UTF-8": ("Dossier", "avec accusé", "échéance", "partenaire inconnu", "La preuve est valable."),
    "en_GB.UTF-8": ("Case", "receipted", "due", "no partner", "The evidence verifies."),
    "es": ("Expediente", "con acuse", "vence", "socio desconocido", "La prueba es válida."),
    "pt_PT": ("Processo", "com recibo", "prazo", "parceiro desconhecido", "A prova é válida."),
    "C": ("Case", "receipted", "due", "no partner", "The evidence verifies."),
    "de_DE.UTF-8": ("Case", "receipted", "due", "no partner", "The evidence verifies."),
}

# why: a value of a form, the state of a case, a word that is missing
WHY = {
    "ar_MA.UTF-8": ("القيم الممكنة: urgent_direct", "لا يرسلها إلا طرف لم يفتح الملف", "TYPE ناقص: نوع رسالة"),
    "fr_FR.UTF-8": ("valeurs possibles : urgent_direct", "seul peut l'envoyer : une partie qui n'a pas ouvert le dossier", "TYPE manque : un type de message"),
    "en_GB.UTF-8": ("must be one of: urgent_direct", "only a party that did not open the case may send it", "TYPE is missing: a type of message"),
    "es": ("debe ser uno de: urgent_direct", "solo puede enviarlo: una parte que no abrió el expediente", "falta TYPE: un tipo de mensaje"),
    "pt_PT": ("tem de ser um de: urgent_direct", "só pode enviá-la: uma parte que não abriu o processo", "falta TYPE: um tipo de mensagem"),
}

# why a message waits, what to do about a node that does not run
WAITS = {
    "ar_MA.UTF-8": ("رُفض الاتصال", "شغّلها: wasld {}"),
    "fr_FR.UTF-8": ("connexion refusée", "lancez-le : wasld {}"),
    "en_GB.UTF-8": ("connection refused", "start it with: wasld {}"),
    "es": ("conexión rechazada", "arránquelo: wasld {}"),
    "pt_PT": ("ligação recusada", "arranque-o: wasld {}"),
}


def within(locale, variable="LC_ALL"):
    return {**os.environ, variable: locale}


def on_a_terminal(node, locale, *words):
    """What it writes when standard output is a terminal."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([os.path.join(BIN, "wasl"), "-n", node.dir, *words], stdin=subprocess.DEVNULL, stdout=theirs,
                          env=within(locale)) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # nobody has the other end any more
                break
            if not piece:
                break
            said += piece
        check(process.wait() == 0, words, said)
    os.close(ours)
    return said.decode()


def story():
    rabat, paris = started("rabat", "paris")
    case = rabat.request("paris")
    settle(rabat, paris)
    rabat.ask("proof", "export", case, "-o", path("case.wasl-proof"))
    asked = (("case", "list"), ("case", "show", case), ("outbox", "list"), ("node", "status"), ("kind", "show", "request"), ("statistics",))
    plain = None
    for locale, (head, state, deadline, refusal, verifies) in SAID.items():
        more = {"env": within(locale)}
        cases, outbox = rabat.ask("case", "list", **more), rabat.ask("outbox", "list", **more)
        check(head in cases.splitlines()[0] and deadline in cases and state in outbox, locale, cases, outbox)
        check(case in cases, "a pipe gets the whole id:", cases)
        complaint(rabat.wasl("case", "open", "request", "--to", "nobody", "--field", "subject=x", **more), 5, refusal, "nobody")
        check(rabat.ask("proof", "verify", path("case.wasl-proof"), **more).startswith(verifies), locale)
        told = [json.loads(must(rabat.wasl(*words, "--json", **more)).out) for words in asked[:3]]
        check(plain is None or told == plain, locale, "changes what programs read")
        plain = told
    form = rabat.ask("kind", "example", "request", "answer")
    for locale, (value, state, word) in WHY.items():
        more = {"env": within(locale)}
        complaint(rabat.wasl(*rabat.request_words("paris", urgency="never"), **more), 1, value, "urgency")
        complaint(rabat.wasl("case", "send", case, "answer", "--fields", write("answer.json", form), **more), 6, state)
        complaint(rabat.wasl("case", "send", case, **more), 2, word, "wasl case send CASE TYPE")
        check(word.split(": ")[-1].split(" : ")[-1] in must(rabat.wasl("case", "send", "--help", **more)).out, locale, "help")
    ok("lists, states, deadlines, refusals with their reasons and evidence in five languages, English for any other; JSON in none")
    check("Dossier" in rabat.ask("case", "list", env=within("fr_FR.UTF-8", "LANG")), "LANG is not heard")
    for words in asked:
        said = on_a_terminal(rabat, "ar_MA.UTF-8", *words)
        check(said.count("\u2066") == said.count("\u2069") and (words[0] == "kind" or "\u2066" in said), words, said)
        check("\u2066" not in on_a_terminal(rabat, "fr_FR.UTF-8", *words), words)
        check("\u2066" not in rabat.ask(*words, env=within("ar_MA.UTF-8")), words, "isolates in a pipe")
    check("\u2066rabat\u2069" in on_a_terminal(rabat, "ar_MA.UTF-8", "case", "show", case), "a name is not isolated")
    ok("names and numbers keep their order among Arabic on a terminal, and nothing is added in a pipe")
    paris.stop()
    waits = rabat.request("paris")
    until(lambda: "refused" in rabat.ask("outbox", "list", "--json"), 10, lambda: rabat.ask("outbox", "list", "--json"))
    for locale, (refused, starts) in WAITS.items():
        more = {"env": within(locale)}
        said = rabat.ask("outbox", "list", **more), rabat.ask("partner", "list", **more), rabat.ask("message", "show", waits, **more)
        check(all(refused in one for one in said), locale, said)
        complaint(paris.wasl("case", "list", **more), 1, starts.format(paris.dir))
    ok("why a message waits, and what to do about it, is told in them, too")


run(story)
