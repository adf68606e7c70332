#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Free text that seems to hold what a person is known by, in a form that has nobody in it: whoever wrote it is told, in his language,
with field and place, and the message has gone all the same. With a record of the person nothing is said.

Broken variants: tests/checks/mutants_rules (wire/hint.c)."""
import json
import os

from story import check, ok, run, settle, started, write

SAYS = {"ar": "يبدو أنه رقم هاتف", "fr": "numéro de téléphone", "en": "telephone number", "es": "número de teléfono", "pt": "número de telefone"}
PERSON = {"name": "Personne inventée", "class": "witness", "fact_or_assessment": "assessment", "grading": "4x4:B/3", "as_of": "2020-06-30"}


def story():
    rabat, paris = started("rabat", "paris")
    for language, says in SAYS.items():
        answer = rabat.wasl(*rabat.request_words("paris", question="Rappeler le +212 600 00 00 00 svp"),
                            env={**os.environ, "LC_ALL": f"{language}_{language.upper()}.UTF-8"})
        check(answer.code == 0 and says in answer.err and "question" in answer.err and " 13: " in answer.err, language, answer)
        check(len(answer.out.split()) == 1 and len(answer.err.splitlines()) == 1, answer)
    settle(rabat, paris)
    check(answer.out.strip() in paris.cases(), "it has not gone")
    ok("whoever wrote it is told in five languages, with field and place, and it has gone")
    made = rabat.json(*rabat.request_words("paris", question="amal.fictive@exemple.ma, née le 29/02/1984"))
    check(made["warnings"] == [{"field": "question", "what": "email", "place": 13}, {"field": "question", "what": "birth", "place": 26}], made)
    made = rabat.json(*rabat.request_words("paris", question="Untel, 12/03/1980, 06 00 00 00 00"))
    check([row["what"] for row in made["warnings"]] == ["phone", "birth"], made)
    form = {"subject": "s", "sought": "information", "urgency": "normal", "purpose": "drugs", "question": "+212 600 00 00 00", "language": "fr", "persons": [PERSON]}
    answer = rabat.wasl("case", "open", "request", "--to", "paris", "--fields", write("form.json", json.dumps(form)))
    check(answer.code == 0 and answer.err == "", answer)
    ok("the API's answer has the same, and with a record of the person nothing is said")


run(story)
