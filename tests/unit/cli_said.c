/* SPDX-License-Identifier: Apache-2.0
 * English sentences said in other languages: recognised by their formats, with the same values, and left alone otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cli/cli.h"

static void expect(enum wire_language language, bool isolate, const char *english, const char *said) {
  BASE_AUTO_BUF struct base_buf out = {0};
  base_buf_init(&out, 1 << 20);
  bool done = cli_said(language, base_view_text(english), isolate, &out);
  base_buf_u8(&out, 0);
  if (done != (said != NULL) || strcmp((const char *)out.data, said != NULL ? said : "") != 0)
    fail_msg("%s: %s", english, (const char *)out.data);
}

static void with_its_values(void **state) {
  (void)state;
  static const char none[] = "there is no partner named madrid; wasl partner list shows them";
  expect(WIRE_FR, false, none, "aucun partenaire ne s'appelle madrid ; wasl partner list les montre");
  expect(WIRE_ES, false, none, "no hay ningún socio llamado madrid; wasl partner list los muestra");
  expect(WIRE_PT, false, none, "não há nenhum parceiro chamado madrid; wasl partner list mostra-os");
  expect(WIRE_AR, false, none, "لا شريك باسم madrid؛ اعرضهم بالأمر wasl partner list");
  expect(WIRE_EN, false, none, NULL);
  expect(WIRE_FR, false, "there is no partner named ; wasl partner list shows them",
         "aucun partenaire ne s'appelle  ; wasl partner list les montre");
}

/* A number is a number, digits of an id are these: what is none of it was made of another format. */
static void of_its_sort(void **state) {
  (void)state;
  expect(WIRE_FR, false, "limit: a whole number from 1 to 100", "limit : un entier de 1 à 100");
  expect(WIRE_FR, false, "limit: a whole number from 1 to many", NULL);
  expect(WIRE_FR, false, "limit: a whole number from 1 to ", NULL);
  expect(WIRE_ES, false, "there is no token -7; wasl token list shows them", "no hay ficha -7; wasl token list las muestra");
  expect(WIRE_FR, false,
         "no row {kind request, type ask, purpose drugs, special personal data, from rabat to paris} is in force; agreement 878501e5… "
         "has no such row; agreement 12ab… expired on 2026-01-01T00:00:00Z; and 2 more",
         "aucun article en vigueur {dossier request, message ask, finalité drugs, données personnelles sensibles, de rabat à paris} ; "
         "l'accord 878501e5… n'a pas de tel article ; agreement 12ab… expired on 2026-01-01T00:00:00Z; and 2 more");
}

/* A bound: whole sentences, in which the name of a field stays what it is, whatever else the word means. */
static void bounds_of_values(void **state) {
  (void)state;
#define EARLIER "fields: $.ends: 2026-01-31 must not be earlier than "
#define LATER "fields: $.ends: 2026-01-31 must not be later than "
  expect(WIRE_FR, false, EARLIER "message (2026-02-01)", "champs : $.ends : 2026-01-31 ne doit pas précéder message (2026-02-01)");
  expect(WIRE_ES, false, LATER "case (2026-01-01)", "campos: $.ends: 2026-01-31 no puede ser posterior a case (2026-01-01)");
  expect(WIRE_FR, false, EARLIER "today (2026-02-01)",
         "champs : $.ends : 2026-01-31 ne doit pas être antérieur à aujourd'hui (2026-02-01)");
  expect(WIRE_PT, false, LATER "now (2026-01-01T00:00:00Z)",
         "campos: $.ends: 2026-01-31 não pode ser posterior ao momento atual (2026-01-01T00:00:00Z)");
  expect(WIRE_FR, false, LATER "1 day before begins (2026-01-01)",
         "champs : $.ends : 2026-01-31 ne doit pas suivre begins moins un jour (2026-01-01)");
  expect(WIRE_ES, false, LATER "30 days after begins (2026-01-01)",
         "campos: $.ends: 2026-01-31 no puede ser posterior a begins más 30 días (2026-01-01)");
  expect(WIRE_AR, false, EARLIER "2 days after today (2026-02-01)",
         "الحقول: $.ends: لا يجوز أن يسبق 2026-01-31 اليوم بزيادة أيام عددها 2 (2026-02-01)");
  expect(WIRE_PT, false, "fields: $.sum: 7 is no multiple of 5", "campos: $.sum: 7 não é múltiplo de 5");
}

/* Sentences within sentences, and after where it is; a word alone may be what somebody has to type. */
static void within(void **state) {
  (void)state;
  expect(WIRE_FR, false, "fields: $.urgency: must be one of: normal, urgent", "champs : $.urgency : valeurs possibles : normal, urgent");
  expect(WIRE_FR, false, "fields: $.due: must be a date like 2026-11-21 that exists", "champs : $.due : une date qui existe, comme 2026-11-21");
  expect(WIRE_ES, false, "answer: only the party that opened the case may send it; possible now: nothing",
         "answer: solo puede enviarlo: la parte que abrió el expediente; posible ahora: nada");
  expect(WIRE_FR, false, "case show: -n stands twice; use: wasl case show CASE", "case show : -n figure deux fois ; emploi : wasl case show CASE");
  expect(WIRE_FR, false, "the node's folder /x cannot be opened: Permission denied",
         "le dossier du nœud /x ne s'ouvre pas : permission refusée");
  expect(WIRE_FR, false, "the node in /n answers, but not all of it serves: core is gone; its log says why",
         "le nœud dans /n répond, mais tout n'y sert pas : core a disparu ; son journal dit pourquoi");
  expect(WIRE_FR, false,
         "the node in /n answers, but not all of it serves: core is starting, keeper is gone, worker is halted by a signal, "
         "gate-local is gone, gate-peer is starting; its log says why",
         "le nœud dans /n répond, mais tout n'y sert pas : core démarre, keeper a disparu, worker est arrêté par un "
         "signal, gate-local a disparu, gate-peer démarre ; son journal dit pourquoi");
  expect(WIRE_AR, false, "the node in /n answers, but not all of it serves: core is gone, worker is gone; its log says why",
         "العقدة في /n تجيب لكن جزءا منها لا يعمل: core اختفت، worker اختفت؛ سجل أحداثها يبيّن السبب");
  expect(WIRE_ES, false,
         "wasl: warning: the node's card sends partners to rabat.example:7443,10.0.0.1:7443, but by wasl.conf they are to come to 127.0.0.1:7001: "
         "they will not find it. Put listen back, or, where a way leads from there to here, write address = "
         "rabat.example:7443,10.0.0.1:7443 below it, or give partners another card: wasl card change --address",
         "wasl: aviso: la tarjeta del nodo envía a los socios a rabat.example:7443,10.0.0.1:7443, pero según wasl.conf han de venir a "
         "127.0.0.1:7001: no lo encontrarán. Restablezca listen o, si hay un camino de allí hasta aquí, escriba debajo address = "
         "rabat.example:7443,10.0.0.1:7443, o dé a los socios otra tarjeta: wasl card change --address");
  expect(WIRE_FR, false, "something that nobody put into the table", NULL);
  expect(WIRE_FR, false, "a: b: c", NULL);
  expect(WIRE_FR, false, "", NULL);
}

/* Who reads only what he was named for is told who names him, and what is shown or erased all the same; lanes have names in each
 * language, which codes on a command line do not. */
static void whole(void **state) {
  (void)state;
#define NAMED "what case 0a1f holds is for the persons who are named for it, and hana is none of them: "
#define OTHER "another supervisor than hana names him (wasl reader add)"
#define FR_NAMED "le contenu du dossier 0a1f est pour les personnes habilitées, et hana n'en est pas : "
#define FR_OTHER "un autre superviseur que hana l'habilite (wasl reader add)"
  expect(WIRE_FR, false, NAMED OTHER, FR_NAMED FR_OTHER);
  expect(WIRE_FR, false, NAMED OTHER "; nobody else erases it by hand", FR_NAMED FR_OTHER " ; personne d'autre ne l'efface à la main");
  expect(WIRE_FR, false, NAMED OTHER "; without its content it is shown (wasl case show CASE --bare)",
         FR_NAMED FR_OTHER " ; sans son contenu il se montre (wasl case show CASE --bare)");
  expect(WIRE_ES, false,
         NAMED "nobody names himself, and there is no supervisor here beside hana: an administrator adds one (wasl person add), who "
               "names him (wasl reader add); nobody else erases it by hand",
         "lo que contiene el expediente 0a1f es para las personas habilitadas, y hana no lo está: nadie se habilita a sí mismo, y aquí no "
         "hay más supervisor que hana: un administrador añade uno (wasl person add), que lo habilita (wasl reader add); nadie más lo "
         "borra a mano");
  expect(WIRE_PT, false, "lina may not: the kind tracing is humanitarian, and lina works in the lanes enforcement, civil",
         "lina não pode: o tipo tracing é do domínio humanitário, e lina trabalha nos domínios aplicação da lei, civil");
  expect(WIRE_ES, false, "the case is civil, and hana does not work in that lane",
         "el expediente es del ámbito civil, y hana no trabaja en él");
  expect(WIRE_PT, false, "fields: $.on: its end was declared already, for 2026-12-01T00:00:00Z: a second declaration can only name an earlier day",
         "campos: $.on: o seu fim já foi declarado, para 2026-12-01T00:00:00Z: uma segunda declaração só pode indicar um dia anterior");
  expect(WIRE_FR, false,
         "handling: every message of the kind hostile is marked red at least, and this one would be amber: leave the mark away, which "
         "is red then",
         "diffusion : tout message du type hostile est marqué red au moins, et celui-ci le serait amber : omettez la marque, qui est "
         "alors red");
  expect(WIRE_ES, false, "fields: $.x: must be one of: a, b, … and 12 more (wasl kind show)",
         "campos: $.x: debe ser uno de: a, b, … y 12 más (wasl kind show)");
}

/* What is put together of several pieces, of which the last takes all that is left: the consent that is missing, who is to send a
 * damaged file again, what a request may hold. */
static void of_pieces(void **state) {
  (void)state;
#define CONSENT "passing message 0a1f… on to node/lisbon needs the consent of madrid, who gave it: "
  expect(WIRE_FR, false, CONSENT "it was asked for (77aa…) and is not given yet",
         "transmettre le message 0a1f… à node/lisbon exige l'accord de madrid, de qui il vient : il a été demandé (77aa…) et n'est pas "
         "encore donné");
  expect(WIRE_ES, false, CONSENT "none was given; wasl consent ask 0a1f --to lisbon --purpose drugs --until DATE asks for it",
         "transmitir el mensaje 0a1f… a node/lisbon necesita el consentimiento de madrid, de quien vino: no se dio ninguno; wasl consent "
         "ask 0a1f --to lisbon --purpose drugs --until FECHA lo pide");
  expect(WIRE_PT, false,
         "message 0a1f… came under row a1 of agreement 77aa…, which lets it be passed on to parties of that agreement alone, and lisbon "
         "is none",
         "a mensagem 0a1f… veio ao abrigo da linha a1 do acordo 77aa…, que só permite transmiti-la às partes desse acordo, e lisbon não "
         "é uma delas");
  expect(WIRE_FR, false, "fields: $.until: is over already", "champs : $.until : est déjà passé");
  expect(WIRE_ES, false,
         "part 2 of message 0a1f is damaged on this node's disk: record 3 of its file is cut short; wasl register check says what else "
         "is, then ask lisbon to send it again",
         "la parte 2 del mensaje 0a1f está dañada en el disco de este nodo: el bloque 3 de su fichero está cortado; wasl register check "
         "dice qué más lo está, después pida a lisbon que lo envíe de nuevo");
  expect(WIRE_FR, false, "colour: there is no such member; allowed are: case, text",
         "colour : il n'y a pas un tel membre ; permis : case, text");
  expect(WIRE_PT, false, "limit: must be a whole number", "limit: tem de ser um número inteiro");
  expect(WIRE_PT, false, "case: is missing; it must be a text, at most 64 bytes", "case: falta; tem de ser um texto de no máximo 64 bytes");
  expect(WIRE_FR, false, "fields: $.rows[0].kind: article a1: there is no kind x; there are: request, recall and more (wasl kind list), or * for all",
         "champs : $.rows[0].kind : article a1 : il n'y a pas de type de dossier x ; il y a : request, recall et d'autres (wasl kind list), "
         "ou * pour tout");
  expect(WIRE_FR, false,
         "this register lost leaves: lisbon holds a head of it that this node signed (epoch 1, 40 leaves), and that is no head of what is "
         "here (epoch 1, 12 leaves), and the card of generation 3 with it (here: 2): the folder was put back to an old copy. Nothing new "
         "is sent: put the newest copy of the whole folder back, or the newest keys (docs/keys.md) and go on with epoch 2 (wasl node "
         "epoch DIR --leaves-lost --number 2)",
         "ce registre a perdu des entrées : lisbon en détient une tête que ce nœud a signée (époque 1, entrées : 40), et qui n'est pas "
         "une tête de ce qui est ici (époque 1, entrées : 12), et avec elle la carte de génération 3 (ici : 2) : le dossier a été remis "
         "à une vieille copie. Rien de nouveau ne part : remettez la copie la plus récente du dossier entier, ou remettez les clés les "
         "plus récentes (docs/keys.md) et continuez par l'époque 2 (wasl node epoch DIR --leaves-lost --number 2)");
  expect(WIRE_PT, false, "lisbon: what is stored about this partner is damaged (leaf 4 is about another card than the one that is stored): nothing "
                         "is exchanged with it; see wasl register check, then put the database right",
         "lisbon: o que se guarda deste parceiro está danificado (a entrada 4 trata de outro cartão que não o guardado): nada se troca "
         "com ele; veja wasl register check, e repare depois a base de dados");
  expect(WIRE_AR, false, "register: tile 0/3 is missing; stop the node and put the newest backup of it back (wasl backup restore)",
         "السجل: القطعة 0/3 ناقصة؛ أوقف العقدة واسترجع أحدث نسخة احتياطية لها (wasl backup restore)");
  expect(WIRE_ES, false, "the backup's card: it is of another node than the backup's header",
         "la tarjeta de la copia: es de otro nodo que la cabecera de la copia");
  expect(WIRE_ES, false, "it came sealed as what is real, and is marked as an exercise",
         "llegó sellado como real, y está marcado como ejercicio");
}

/* What `wasl kind check` finds: the place in the file stays what it is, and what a member may be is said. */
static void of_kinds(void **state) {
  (void)state;
  expect(WIRE_FR, false, "kind: $.types[0].fields[1].list: names no list of this kind",
         "type : $.types[0].fields[1].list : ne nomme aucune liste de ce type");
  expect(WIRE_ES, false, "kind: $.types: must be an array", "tipo: $.types: debe ser una lista");
  expect(WIRE_PT, false, "kind: $.clocks[2].stops: item 1 names no type of this kind",
         "tipo: $.clocks[2].stops: a entrada 1 (a contar de 0) não nomeia uma espécie de mensagem deste tipo");
  expect(WIRE_AR, false, "kind: $.transitions: none leads to closed", "النوع: $.transitions: لا انتقال يفضي إلى closed");
  expect(WIRE_FR, false, "kind: $.types[3]: the examples do not fit each other: fields: $.due: must be a date like 2026-11-21 that exists",
         "type : $.types[3] : les exemples ne vont pas ensemble : champs : $.due : une date qui existe, comme 2026-11-21");
  expect(WIRE_ES, false, "kind: $.states[1]: from asked no message leads to an end of the case",
         "tipo: $.states[1]: desde asked ningún mensaje lleva a un final del expediente");
  expect(WIRE_FR, false, "kind: $.types[0].fields[2].columns[1].personal: plate looks like personal data and is called none: law would not ask for it",
         "type : $.types[0].fields[2].columns[1].personal : plate a l'air d'une donnée personnelle et est dit none : la loi ne la verrait pas");
  expect(WIRE_ES, false, "labels: $.texts.type.ask.fr: must be a text of 1 to 200 bytes", "textos: type.ask.fr: debe ser un texto de 1 a 200 bytes");
  expect(WIRE_FR, false, "x.json: kind: $.version: missing", "x.json : type : $.version : manque");
  expect(WIRE_FR, false, "kind: $.lists.finding: the code other stands twice", "type : $.lists.finding : le code other figure deux fois");
  expect(WIRE_ES, false, "x.json: kind: $.clocks[1].owes: each goes with item", "x.json: tipo: $.clocks[1].owes: each solo va con «item»");
  expect(WIRE_PT, false, "kind: $.types: more than 64 members", "tipo: $.types: mais de 64 membros");
  expect(WIRE_FR, false, "fields: $.due: missing; to give the command again does no harm",
         "champs : $.due : manque ; redonner la commande ne nuit pas");
}

/* Two values side by side, of which one may be nothing; a file's name before the sentence; what the system says behind it. */
static void side_by_side(void **state) {
  (void)state;
#define STOPS "the node stops; when it runs again, listen anew"
  expect(WIRE_FR, false, STOPS, "le nœud s'arrête ; quand il tournera à nouveau, réécoutez");
  expect(WIRE_FR, false, STOPS " with --after 7-12", "le nœud s'arrête ; quand il tournera à nouveau, réécoutez avec --after 7-12");
#define QUORUM "rabat/sent.tlog-proof: the policy's quorum is not met: of its witnesses there cosigned "
#define ES_QUORUM "rabat/sent.tlog-proof: no se alcanza el quórum de la política: de sus testigos cofirmaron "
  expect(WIRE_ES, false, QUORUM "none of them; the file has 2 more lines, by keys that it does not name",
         ES_QUORUM "ninguno de ellos; el fichero tiene 2 líneas más, de claves que ella no nombra");
  expect(WIRE_ES, false, QUORUM "w1, w2, and it does not name the register's key; the file has 0 more lines, by keys that it does not name",
         ES_QUORUM "w1, w2, y no nombra la clave del registro; el fichero tiene 0 líneas más, de claves que ella no nombra");
  expect(WIRE_PT, false, "database.password: cannot be given to core: Operation not permitted",
         "database.password: não se pode dar a wasl-core: operação não permitida");
  expect(WIRE_AR, true, "no new epoch was opened: /n/keeper: cannot be read: Input/output error",
         "لم تُفتح حقبة جديدة: \u2066/n/keeper\u2069: لا تمكن قراءته: خطأ في القراءة أو الكتابة من القرص");
}

/* What is wrong with a card, a signed head, evidence: where one thing holds another, each is named. */
static void of_evidence(void **state) {
  (void)state;
  expect(WIRE_FR, false, "card: $.log: verifier key: its id is not 8 lowercase hexadecimal digits",
         "carte : $.log : clé de vérification : son identifiant n'est pas fait de 8 chiffres hexadécimaux minuscules");
  expect(WIRE_ES, false, "checkpoint: the signature of wasl/paris/ab (key 0011aabb) does not verify",
         "cabeza firmada: la firma de wasl/paris/ab (clave 0011aabb) no se verifica");
  expect(WIRE_PT, false, "certificate: leaf: leaf: $.act is none of the acts of a register",
         "certificado de apagamento: entrada: entrada: $.act não é um ato de um registo");
  expect(WIRE_FR, false, "policy: line 3: a word too many", "politique de témoins : ligne 3 : un mot de trop");
  expect(WIRE_ES, false, "consignment: frame 2 at byte 40: more than 1024 messages", "envío: trama 2 en el byte 40: más de 1024 mensajes");
  expect(WIRE_AR, false, "consignment: it does not begin with WASLCON1", "الإرسالية: لا تبدأ بـWASLCON1");
  expect(WIRE_FR, false, "inclusion proof of leaf 7: it leads to another root than the head's",
         "preuve d'inclusion de l'entrée 7 : elle mène à une autre racine que celle de la tête signée");
  expect(WIRE_PT, false, "agreement: $.rows[0].types: item 1 must be a code, or \"*\" alone",
         "acordo: $.rows[0].types: a entrada 1 (a contar de 0) tem de ser um código, ou «*» apenas");
  expect(WIRE_ES, false, "a.note: succession: the signature of the new log key is missing",
         "a.note: sucesión de tarjetas: falta la firma de la clave de registro nueva");
  expect(WIRE_FR, false, "a.txt: policy: 99 bytes, at most 50 are allowed", "a.txt : politique de témoins : 99 octets, maximum 50");
  expect(WIRE_FR, false, "STIX: $.objects[2].id: must be indicator--UUID", "STIX : $.objects[2].id : doit être indicator--UUID");
}

/* What the parts below say: a text that a name stands for is a value before a sentence, and one of it within; what a server, a
 * token or a partner says may stand behind it or be nothing; a note is told like an error. */
static void from_below(void **state) {
  (void)state;
  expect(WIRE_FR, false, "core.db: damaged (read: database disk image is malformed); restore the node from its backup",
         "core.db : endommagé (read : database disk image is malformed) ; restaurez le nœud depuis sa sauvegarde");
#define SERVER "postgresql://n@h/d: the database says (commit): no space left; "
  expect(WIRE_ES, false, SERVER "the transaction was not kept: make room on the server and try again",
         "postgresql://n@h/d: la base de datos dice (commit): no space left; la transacción no se guardó: haga sitio en el servidor e "
         "inténtelo de nuevo");
  expect(WIRE_PT, false, "postgresql://n@h/d: the database says (begin): so it is", "postgresql://n@h/d: a base de dados diz (begin): so it is");
  expect(WIRE_FR, false,
         "heads.state: cut short; the keeper no longer knows what it signed, and signs nothing. Put no older copy back: move the file "
         "away and go on with a new epoch of the register: wasl node epoch DIR --number N (docs/keys.md says which number)",
         "heads.state : tronqué ; le gardien ne sait plus ce qu'il a signé, et ne signe rien. Ne remettez pas de copie plus ancienne : "
         "déplacez le fichier et continuez par une nouvelle époque du registre : wasl node epoch DIR --number N (docs/keys.md dit quel "
         "numéro)");
  expect(WIRE_ES, false, "the token rabat: it does not sign, for the device was removed (0x32); see that it is there and sound: the node "
                         "tries again by itself",
         "el dispositivo rabat: no firma, porque el aparato fue retirado (0x32); compruebe que está y funciona: el nodo lo intenta solo "
         "otra vez");
  expect(WIRE_PT, false, "the token rabat refuses the PIN in /p, and has locked it: write the right one into that file; this one is not tried again",
         "o dispositivo rabat recusa o PIN de /p, e bloqueou-o: escreva o correto nesse ficheiro; este não se tenta de novo");
  expect(WIRE_AR, true, "no connection in time; tried again in 30 s", "لا اتصال في الوقت المحدد؛ تعاد المحاولة بعد \u2066" "30\u2069 ث");
  expect(WIRE_ES, false, "paris at 10.0.0.1:7: connection refused; at p.example:7: no connection in time; at q.example:7: SSL: x",
         "paris en 10.0.0.1:7: conexión rechazada; en p.example:7: no hubo conexión a tiempo; en q.example:7: SSL: x");
  expect(WIRE_FR, false, "from paris: 3 messages, 1 of them new here; 2 receipts", "de paris : messages : 3, nouveaux ici : 1 ; accusés : 2");
}

static void among_arabic(void **state) {
  (void)state;
  expect(WIRE_AR, true, "there is no case 0a1f here", "لا ملف \u2066" "0a1f\u2069 هنا");
  expect(WIRE_AR, true, "there is no kind named x; wasl kind list shows them",
         "لا نوع باسم \u2066x\u2069؛ اعرضها بالأمر \u2066wasl kind list\u2069");
  expect(WIRE_FR, false, "the kind x has no balance: nothing in it says what is needed\u202e", NULL);
}

static const struct {
  const char *english, *texts[WIRE_LANGUAGES];
} rows[] = {
#define CLI_SAID(en, ar, fr, es, pt) {en, {[WIRE_AR] = ar, [WIRE_FR] = fr, [WIRE_EN] = en, [WIRE_ES] = es, [WIRE_PT] = pt}},
#define CLI_SAID_PIECE CLI_SAID
#include "cli/reasons.def"
#include "cli/reasons_more.def"
#include "cli/reasons_core.def"
#include "cli/reasons_wire.def"
#include "cli/reasons_seal.def"
#include "cli/reasons_cli.def"
#include "cli/help.def"
#include "cli/help_options.def"
#undef CLI_SAID_PIECE
#undef CLI_SAID
};

enum { LONG = 4096, VALUES = 9 /* that a text can name */ };

static void append(char out[LONG], const char *text, size_t size) {
  size_t used = strlen(out);
  assert_true(used + size < LONG);
  memcpy(out + used, text, size);
  out[used + size] = 0;
}

/* The format with a value in each place: a number where it writes one, else a word that is in no table; nothing before a value
 * that stands right behind it, for where the one ends nobody could tell. */
static size_t made_of(const char *format, char out[LONG], const char *values[VALUES]) {
  static const char *const words[VALUES + 1] = {"zzaq", "zzbq", "zzcq", "zzdq", "zzeq", "zzfq", "zzgq", "zzhq", "zziq", "zzjq"};
  static const char *const numbers[VALUES + 1] = {"11", "12", "13", "14", "15", "16", "17", "18", "19", "20"};
  size_t count = 0;
  out[0] = 0;
  while (*format != 0) {
    size_t plain = strcspn(format, "%");
    append(out, format, plain);
    format += plain;
    if (*format == 0)
      return count;
    const char *letter = format + 1 + strspn(format + 1, "-+ #0123456789.*hljzt");
    assert_true(count <= VALUES);
    const char *value = *letter == 'c' ? "7" : *letter != 's' ? numbers[count] : letter[1] == '%' ? "" : words[count];
    append(out, value, strlen(value));
    if (count < VALUES)
      values[count] = value;
    count++;
    format = letter + 1;
  }
  return count;
}

static void filled(const char *text, bool arabic, const char *const values[VALUES], char out[LONG]) {
  out[0] = 0;
  for (; *text != 0; text++) {
    size_t place = text[0] == '{' && text[1] >= '1' && text[1] <= '9' ? (size_t)(text[1] - '1') : VALUES;
    bool any = place < VALUES && text[2] == '!' && text[3] == '}';
    if (any || (place < VALUES && text[2] == '}')) {
      append(out, values[place], strlen(values[place]));
      text += any ? 3 : 2;
    } else if (*text != '`' || !arabic)
      append(out, text, 1);
  }
}

/* No row takes away what is another's: each sentence is known as what it is. */
static void each_row(void **state) {
  (void)state;
  static char english[LONG], expected[LONG];
  const char *values[VALUES] = {0};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    bool named = made_of(rows[i].english, english, values) <= VALUES; /* else other rows say it in its parts */
    for (int language = 0; named && language < WIRE_LANGUAGES; language++) {
      filled(rows[i].texts[language], language == WIRE_AR, values, expected);
      expect((enum wire_language)language, false, english, language == WIRE_EN ? NULL : expected);
    }
  }
}

/* What a stranger wrote stands in errors, too: it takes no time that anybody would notice, and nothing of it acts. */
static void hostile(void **state) {
  (void)state;
  BASE_AUTO_BUF struct base_buf out = {0};
  char text[BASE_ERROR_TEXT_MAX];
  static const char *const pieces[] = {": ", "%s", "a ", "; use: wasl ", "fields: ", "{1}", "; agreement 0… has no such row",
                                       "$.a: b stands twice: ", "a: b is missing"};
  base_buf_init(&out, 1 << 20);
  for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
    size_t size = strlen(pieces[i]), used = 0;
    for (; used + size < sizeof text; used += size)
      memcpy(text + used, pieces[i], size);
    (void)cli_said(WIRE_AR, base_view_of(text, used), true, &out);
  }
  assert_int_equal(out.code, BASE_OK);
  expect(WIRE_FR, false, "there is no case {1}\x1b[2J here", "il n'y a pas de dossier {1}\uFFFD[2J ici");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(with_its_values), cmocka_unit_test(of_its_sort), cmocka_unit_test(bounds_of_values),
                                     cmocka_unit_test(within), cmocka_unit_test(whole), cmocka_unit_test(of_pieces),
                                     cmocka_unit_test(of_kinds), cmocka_unit_test(side_by_side), cmocka_unit_test(of_evidence), cmocka_unit_test(each_row),
                                     cmocka_unit_test(from_below), cmocka_unit_test(among_arabic), cmocka_unit_test(hostile)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
