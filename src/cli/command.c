/* SPDX-License-Identifier: Apache-2.0
 * The table of commands, and how one is run. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "cli/cli.h"

const struct cli_command cli_commands[] = {
    {"node init",
     "DIR --name NAME --org NAME --listen HOST:PORT[,…] [--address HOST:PORT[,…]] [--org-ar NAME] [--org-fr NAME] "
     "[--org-en NAME] [--org-es NAME] [--org-pt NAME] [--owner PERSON [--owner-name NAME] [--roles ROLE[,ROLE]] "
     "[--lanes LANE[,LANE]]] "
     "[--zone ZONE] [--store STORE] [--keys URI [--keys-env NAME=VALUE[,…]] "
     "[--keys-read PATH[,…]] [--keys-write PATH[,…]]]",
     " --name= --org= --org-ar= --org-fr= --org-en= --org-es= --org-pt= --listen= --address= --zone= --store= --owner= "
     "--owner-name= --roles= --lanes= --keys= "
     "--keys-env= "
     "--keys-read= --keys-write= ",
     1, 1, cli_node_init, "make a node in DIR: its keys, its configuration, its card",
     "node init paris --name paris --org 'Préfecture' --listen 0.0.0.0:7443"},
    {"node epoch", "DIR [--leaves-lost] [--number N]", " --leaves-lost --number= ", 1, 1, cli_node_epoch,
     "go on with a new epoch of the register, which lost leaves; its partners must confirm it",
     "node epoch paris --leaves-lost"},
    {"node status", "", "", 0, 0, cli_node_status, "what the node does; fails unless it answers and listens",
     "-n paris node status"},
    {"node zone", "ZONE", "", 1, 1, cli_node_zone, "the time zone in which this node's people are told deadlines",
     "-n rabat node zone Africa/Casablanca"},
    {"status", "", "", 0, 0, cli_node_status, "the same as node status", "-n paris status"},
    {"store migrate", "DIR --to URI", " --to= ", 1, 1, cli_store_migrate,
     "move a stopped node's store from SQLite to PostgreSQL",
     "store migrate paris --to 'postgresql://paris@db.example/paris?sslmode=verify-full'"},
    {"card export", "[-o FILE] [--generation N]", " -o= --generation= ", 0, 0, cli_card_export,
     "the node's card, to give to a partner", "-n paris card export -o paris.card"},
    {"card change",
     "[--address HOST:PORT[,…]] [--org NAME] [--org-ar NAME] [--org-fr NAME] [--org-en NAME] [--org-es NAME] [--org-pt "
     "NAME]",
     " --address= --org= --org-ar= --org-fr= --org-en= --org-es= --org-pt= ", 0, 0, cli_card_change,
     "other addresses or names: a new card, which partners are told",
     "-n paris card change --address wasl.paris.example:7443"},
    {"card show", "FILE", "", 1, 1, cli_card_show, "a card and the fingerprint that two people compare by voice",
     "card show rabat.card"},
    {"key list", "", "", 0, 0, cli_key_list, "the node's keys: since when, until when, next due", "-n paris key list"},
    {"key rotate", "[--sign] [--seal] [--tls] [--all] [--force]", " --sign --seal --tls --all --force ", 0, 0, cli_key_rotate,
     "new keys and a new card, which partners are told", "-n paris key rotate --all"},
    {"key retire", "[--seal] [--tls] [--force]", " --seal --tls --force ", 0, 0, cli_key_retire,
     "old keys leave the card and are destroyed before their overlap is over", "-n paris key retire --seal"},
    {"partner add", "FILE --fingerprint DIGITS | --witness NAME [--key VKEY --url URL [--pin HEX]]",
     " --fingerprint= --witness= --key= --url= --pin= ", 0, 1, cli_partner_add,
     "take a partner's card once its fingerprint is confirmed; or a witness: a partner, or any one with a C2SP key",
     "-n paris partner add rabat.card --fingerprint '04796 34462 72897 18862 08409 85017 31450 48379'"},
    {"partner list", "", "", 0, 0, cli_partner_list, "the partners, their state and fingerprint",
     "-n paris partner list"},
    {"partner show", "NAME", "", 1, 1, cli_partner_show, "a partner with the row of its cards",
     "-n paris partner show rabat"},
    {"partner suspend", "NAME [--reason TEXT]", " --reason= ", 1, 1, cli_partner_suspend,
     "exchange nothing with a partner for now", "-n paris partner suspend rabat --reason 'key under inquiry'"},
    {"partner resume", "NAME [--reason TEXT]", " --reason= ", 1, 1, cli_partner_resume,
     "exchange with a suspended partner again", "-n paris partner resume rabat"},
    {"partner epoch", "NAME --fingerprint DIGITS", " --fingerprint= ", 1, 1, cli_partner_epoch,
     "confirm that a partner's register, which lost leaves, goes on in a new epoch",
     "-n paris partner epoch rabat --fingerprint '04796 34462 72897 18862 08409 85017 31450 48379'"},
    {"partner zone", "NAME ZONE", "", 2, 2, cli_partner_zone,
     "the time zone in which a partner's people work: deadlines are shown in it, too",
     "-n rabat partner zone paris Europe/Paris"},
    {"partner reconcile", "NAME [--all] [--timeout SECONDS]", " --all --timeout= ", 1, 1, cli_partner_reconcile,
     "compare with a partner what was sent and held, number by number", "-n paris partner reconcile rabat"},
    {"witness list", "", "", 0, 0, cli_witness_list,
     "who witnesses this node's register, how far, and how many evidence needs", "-n paris witness list"},
    {"witness remove", "NAME", "", 1, 1, cli_witness_remove, "ask a witness no more", "-n paris witness remove madrid"},
    {"witness policy", "NUMBER", "", 1, 1, cli_witness_policy,
     "of how many witnesses evidence given out by this node needs the cosignatures", "-n paris witness policy 2"},
    {"witness for", "PARTNER [--stop]", " --stop ", 1, 1, cli_witness_for,
     "be a witness of a partner's register, or be it no more", "-n madrid witness for paris"},
    {"person add", "PERSON --name NAME --roles ROLE[,ROLE] [--lanes LANE[,LANE]] [--unit UNIT]", " --name= --roles= --lanes= --unit= ", 1, 1,
     cli_person_add, "a person who may use this node, with roles; the name is never given twice",
     "-n paris person add amal --name 'Amal Benali' --roles liaison --unit 'Bureau 3'"},
    {"person list", "", "", 0, 0, cli_person_list, "the persons, their units and roles", "-n paris person list"},
    {"person show", "PERSON", "", 1, 1, cli_person_list, "one person, with unit and roles", "-n paris person show amal"},
    {"person roles", "PERSON --roles ROLE[,ROLE]", " --roles= ", 1, 1, cli_person_roles,
     "other roles, in place of those there are; nobody gives himself one",
     "-n paris person roles amal --roles liaison,supervisor"},
    {"person lanes", "PERSON --lanes LANE[,LANE]", " --lanes= ", 1, 1, cli_person_lanes,
     "other lanes on the same side of the wall: enforcement and civil; who is humanitarian stays that alone",
     "-n paris person lanes amal --lanes civil"},
    {"person unit", "PERSON --unit UNIT", " --unit= ", 1, 1, cli_person_unit, "another unit",
     "-n paris person unit amal --unit 'Bureau 4'"},
    {"person confirm", "PERSON", "", 1, 1, cli_person_confirm,
     "who was here before the register lost leaves, and still is", "-n paris person confirm amal"},
    {"person owner", "PERSON", "", 1, 1, cli_person_owner,
     "as whom the user of the operating system acts who owns the node", "-n paris person owner amal"},
    {"person close", "PERSON [--reason TEXT]", " --reason= ", 1, 1, cli_person_close,
     "who leaves: nothing of theirs passes any more, what they did stays", "-n paris person close amal --reason 'left'"},
    {"person password", "PERSON [--password-file FILE] [--current | --current-file FILE]",
     " --password-file= --current --current-file= ", 1, 1, cli_person_password,
     "set a password: one's own, or a first one for somebody else; typed twice, and not shown",
     "-n paris person password amal"},
    {"person factor", "[--confirm CODE] | PERSON --reset", " --confirm= --reset ", 0, 1, cli_person_factor,
     "a second factor of one's own: its secret, then with its first code in force; or an end to somebody's",
     "-n paris person factor --confirm 492039"},
    {"login", "PERSON [--password-file FILE] [--code CODE]", " --password-file= --code= ", 1, 1, cli_login,
     "come in by a password, and a second factor where there is one; the session goes to the file of WASL_TOKEN_FILE",
     "-n paris login amal"},
    {"logout", "", "", 0, 0, cli_logout, "end the session that this command comes with", "-n paris logout"},
    {"token make", "[PERSON] --label TEXT --days N [--roles ROLE[,ROLE]] [--requests NAME[,NAME]]",
     " --label= --days= --roles= --requests= ", 0, 1, cli_token_make,
     "a token by which a program asks in a person's name; shown this once, and made in a session it ends with that",
     "-n paris token make amal --label 'import of reports' --days 90 --requests case.open,part.begin"},
    {"token list", "", "", 0, 0, cli_token_list, "one's tokens; for administrators and auditors those of all",
     "-n paris token list"},
    {"token end", "NUMBER", "", 1, 1, cli_token_end, "a token that is valid no more", "-n paris token end 3"},
    {"kind list", "", "", 0, 0, cli_kind_list, "the kinds of case", "-n paris kind list"},
    {"kind show", "KIND [VERSION]", "", 1, 2, cli_kind_show, "a kind: its forms, states and clocks",
     "-n paris kind show request"},
    {"kind example", "KIND [TYPE [VERSION]]", "", 1, 3, cli_kind_example, "a filled form, for --fields",
     "-n paris kind example request > form.json"},
    {"kind check", "FILE [LABELS]", "", 1, 2, cli_kind_check,
     "all that is wrong with a kind's files, and what is probably not meant so; no node is asked", "kind check talks.json"},
    {"kind labels", "FILE [LABELS]", "", 1, 2, cli_kind_labels,
     "a file of labels to fill in, with what LABELS and the program's kinds have already; no node is asked",
     "kind labels talks.json > new.labels.json"},
    {"kind add", "FILE [LABELS]", "", 1, 2, cli_kind_add,
     "a kind of this node's own, or other labels of one; new cases may be of it at once", "-n paris kind add talks.json"},
    {"kind remove", "KIND [VERSION]", "", 1, 2, cli_kind_remove, "a kind that was added and that no case is of, away",
     "-n paris kind remove talks 1"},
    {"agreement propose",
     "--to NODE[,NODE] --file FILE | --example [--part FILE [--part-name NAME] …] [--part-as-is FILE …]",
     " --to= --file= --example --part= --part-as-is= --part-name= ", 0, 0, cli_agreement_propose,
     "propose an agreement, accepting it oneself; prints the case",
     "-n paris agreement propose --to rabat --file agreement.json"},
    {"agreement counter", "CASE --file FILE [--part FILE [--part-name NAME] …] [--part-as-is FILE …]",
     " --file= --part= --part-as-is= --part-name= ", 1, 1, cli_agreement_counter,
     "other terms in place of those that were proposed; prints the message",
     "-n rabat agreement counter 878501e5 --file other.json"},
    {"agreement amend", "CASE --file FILE [--part FILE [--part-name NAME] …] [--part-as-is FILE …]",
     " --file= --part= --part-as-is= --part-name= ", 1, 1, cli_agreement_amend,
     "other terms for an agreement in force, whole, which stays as it is until all accept them; prints the message",
     "-n paris agreement amend 878501e5 --file wider.json"},
    {"agreement accept", "CASE [--terms ID] [--note TEXT]", " --terms= --note= ", 1, 1, cli_agreement_accept,
     "accept the terms that were read; prints the message", "-n rabat agreement accept 878501e5"},
    {"agreement end", "CASE --reason TEXT [--on DAY]", " --reason= --on= ", 1, 1, cli_agreement_end,
     "end an agreement, after the notice that was agreed or on a named day; prints the message",
     "-n paris agreement end 878501e5 --reason 'article 12' --on 2027-06-30"},
    {"agreement list", "", "", 0, 0, cli_agreement_list, "the agreements and whether they are in force",
     "-n paris agreement list"},
    {"agreement review", "CASE", "", 1, 1, cli_agreement_review,
     "what each row of an agreement was used for, and what was refused for want of one",
     "-n paris agreement review 878501e5"},
    {"law explain", "KIND TYPE --to NODE[,NODE] [--purpose CODE] [--personal CLASS] [--handling CODES] [--case CASE]",
     " --to= --purpose= --personal= --handling= --case= ",
     2, 2, cli_law_explain, "which row covers a planned send, or what is missing; nothing is sent",
     "-n paris law explain request ask --to rabat --purpose drugs"},
    {"case open",
     "KIND --to NODE[,NODE] [--fields FILE] [--field NAME=VALUE …] [--part FILE [--part-name NAME] …] [--part-as-is "
     "FILE …] "
     "[--handling CODES] [--grading GRADE] [--emergency GROUND --reason TEXT] "
     "[--derogation CODE --reason TEXT] [--exercise] [--check]",
     " --to= --field= --fields= --part= --part-as-is= --part-name= --handling= --grading= --emergency= --derogation= --reason= --exercise --check ", 1,
     1, cli_case_open, "open a case; prints its id",
     "-n paris case open request --to rabat --fields form.json --part report.pdf"},
    {"case send",
     "CASE TYPE [--fields FILE] [--field NAME=VALUE …] [--part FILE [--part-name NAME] …] [--part-as-is FILE …] "
     "[--handling CODES] [--grading GRADE] [--emergency GROUND --reason TEXT] "
     "[--derogation CODE --reason TEXT] [--exercise] [--check]",
     " --field= --fields= --part= --part-as-is= --part-name= --handling= --grading= --emergency= --derogation= --reason= --exercise --check ", 2, 2,
     cli_case_send, "send a message in a case; prints its id",
     "-n rabat case send d27331fa answer --field answer='Connu.'"},
    {"case list", "[--by deadline] [--kind KIND] [--state STATE] [--lane LANE] [--exercise] [--limit N] [--after CURSOR]",
     " --by= --kind= --state= --limit= --after= --lane= --exercise ", 0, 0, cli_case_list,
     "the cases, the last changed first, or by deadline with what is overdue first", "-n paris case list --by deadline"},
    {"case show", "CASE [--reason TEXT | --bare]", " --reason= --bare ", 1, 1, cli_case_show, "a case with its messages, receipts and deadlines",
     "-n paris case show d27331fa"},
    {"case items", "CASE [--item NAME] [--state STATE]", " --item= --state= ", 1, 1, cli_case_items,
     "what has a state of its own in a case, such as offers and tasks", "-n paris case items d27331fa --item offer"},
    {"case balance", "CASE [--reason TEXT]", " --reason= ", 1, 1, cli_case_balance,
     "what is needed against what is offered, accepted, on its way and there, line by line", "-n rabat case balance d27331fa"},
    {"case crosscheck", "CASE --reason TEXT", " --reason= ", 1, 1, cli_case_crosscheck,
     "in which other cases this node holds the same person, document or number", "-n paris case crosscheck d27331fa --reason 'is he known here?'"},
    {"case feed", "FROM [TO]", "", 1, 2, cli_case_feed,
     "what became of a case's items goes on into a case of another kind; without TO, what is due and what went",
     "-n rabat case feed d27331fa 90b1c4de"},
    {"case review", "[--due] [--limit N] [--after CURSOR] | CASE --keep --reason TEXT [--next DATE]",
     " --due --limit= --after= --keep --reason= --next= ", 0, 1, cli_case_review,
     "the cases whose personal data is to be reviewed, or the record of such a review",
     "-n paris case review d27331fa --keep --reason 'the inquiry goes on'"},
    {"case export", "CASE DIR [--reason TEXT]", " --reason= ", 2, 2, cli_case_export, "a case as files in a new or empty folder",
     "-n paris case export d27331fa files"},
    {"case erase", "CASE --reason TEXT", " --reason= ", 1, 1, cli_case_erase,
     "erase a case that is over whole at this node, headers and all, for good, by name and with a reason",
     "-n paris case erase d27331fa --reason 'the matter is closed'"},
    {"message show", "ID [--reason TEXT]", " --reason= ", 1, 1, cli_message_show, "a message with its fields and parts",
     "-n paris message show d27331fa"},
    {"message pass-on",
     "MESSAGE --to NODE[,NODE] [--fields FILE] [--field NAME=VALUE …] [--handling CODES] [--grading GRADE]",
     " --to= --field= --fields= --handling= --grading= ", 1, 1, cli_message_pass_on,
     "pass a message on, with its fields, parts, marks and end; prints the id of the case",
     "-n rabat message pass-on d27331fa --to madrid"},
    {"message erase", "ID --reason TEXT", " --reason= ", 1, 1, cli_message_erase,
     "erase a message's content at this node, for good, by name and with a reason",
     "-n paris message erase d27331fa --reason 'the purpose has ended'"},
    {"message certificate", "ID [--by PARTNER] [-o FILE]", " --by= -o= ", 1, 1, cli_message_certificate,
     "certify to a message's author that it was erased here, or have what a partner certified; prints the certificate",
     "-n paris message certificate d27331fa -o erased.wasl-proof"},
    {"reader list", "CASE", "", 1, 1, cli_reader_list, "the persons who are named to read a case of a kind for named readers",
     "-n paris reader list d27331fa"},
    {"reader add", "CASE PERSON --reason TEXT", " --reason= ", 2, 2, cli_reader_add,
     "name a person to read it; nobody names himself", "-n paris reader add d27331fa amal --reason 'leads the inquiry'"},
    {"reader remove", "CASE PERSON --reason TEXT", " --reason= ", 2, 2, cli_reader_remove,
     "the person reads no more of it", "-n paris reader remove d27331fa amal --reason 'left the inquiry'"},
    {"recall open",
     "MESSAGE --measure erase|correct|restrict --ground GROUND [--reason TEXT] [--correction TEXT]",
     " --measure= --ground= --reason= --correction= ", 1, 1, cli_recall_open,
     "call a message back from all to whom it was given, and from those to whom they passed it on",
     "-n paris recall open d27331fa --measure erase --ground inaccurate"},
    {"recall list", "[--limit N]", " --limit= ", 0, 0, cli_recall_list,
     "the recalls, what is overdue first", "-n paris recall list"},
    {"recall answer", "CASE --outcome erased|corrected|restricted|never_held|kept [--ground GROUND] [--note TEXT]",
     " --outcome= --ground= --note= ", 1, 1, cli_recall_answer,
     "answer a recall; erased erases; prints the message", "-n rabat recall answer 878501e5 --outcome erased"},
    {"recall withdraw", "CASE --reason TEXT", " --reason= ", 1, 1, cli_recall_withdraw,
     "take back a recall of one's own, also from those to whom it went down; what was erased stays so",
     "-n paris recall withdraw 878501e5 --reason 'the information is right after all'"},
    {"recall certificate", "CASE -o FILE", " -o= ", 1, 1, cli_recall_certificate,
     "the certificate of an erasure, to be verified like any evidence",
     "-n paris recall certificate 878501e5 -o erased.wasl-proof"},
    {"emergency resolve", "CASE --basis row_in_force|authority_informed|recalled [--authority NAME] [--note TEXT] [--exercise]",
     " --basis= --authority= --note= --exercise ", 1, 1, cli_emergency_resolve,
     "say how an emergency transfer was put in order; prints the message",
     "-n paris emergency resolve 878501e5 --basis authority_informed --authority 'Cour d’appel'"},
    {"release list", "[--all] [--after NUMBER]", " --all --after= ", 0, 0, cli_release_list,
     "what was submitted and waits for a second person", "-n paris release list"},
    {"release show", "NUMBER [--reason TEXT]", " --reason= ", 1, 1, cli_release_show,
     "what waits, as it would go: who decides on it reads it", "-n paris release show 7"},
    {"release give", "NUMBER", "", 1, 1, cli_release_give,
     "let go what somebody else submitted; prints the message", "-n paris release give 7"},
    {"release refuse", "NUMBER --reason TEXT", " --reason= ", 1, 1, cli_release_refuse,
     "what somebody else submitted does not go; its content is erased",
     "-n paris release refuse 7 --reason 'the person is a witness, not a suspect'"},
    {"release withdraw", "NUMBER [--reason TEXT]", " --reason= ", 1, 1, cli_release_withdraw,
     "take back what you submitted and nobody released; its content is erased", "-n paris release withdraw 7"},
    {"part get", "SHA256 -o FILE [--message ID] [--reason TEXT]", " -o= --message= --reason= ", 1, 1, cli_part_get, "a part's octets, checked against its hash",
     "-n paris part get c25a6a34472e7681fbce8bd3d4a77bdc88110e10de6e76209af4a390dad7135a -o report.pdf"},
    {"part stix", "SHA256 [--message ID] [--reason TEXT]", " --message= --reason= ", 1, 1, cli_part_stix, "the objects of a STIX part by type",
     "-n paris part stix c25a6a34"},
    {"consent ask", "MESSAGE --to NODE[,NODE] --purpose CODE --until TIME [--reason TEXT] [--exercise]",
     " --to= --purpose= --until= --reason= --exercise ", 1, 1, cli_consent_ask,
     "ask who gave a message whether it may be passed on; prints the case",
     "-n paris consent ask 878501e5 --to madrid --purpose drugs --until 2027-01-31"},
    {"consent give", "CASE [--to NODE[,NODE]] [--until TIME] [--note TEXT] [--exercise]", " --to= --until= --note= --exercise ", 1, 1,
     cli_consent_give, "let it be passed on, as it was asked or narrower; prints the message",
     "-n rabat consent give d27331fa --until 2026-12-31"},
    {"consent deny", "CASE [--reason TEXT] [--exercise]", " --reason= --exercise ", 1, 1, cli_consent_deny, "do not let it be passed on",
     "-n rabat consent deny d27331fa --reason 'the inquiry goes on'"},
    {"consent revoke", "CASE [--reason TEXT] [--exercise]", " --reason= --exercise ", 1, 1, cli_consent_revoke,
     "take a consent back: nothing more goes out under it", "-n rabat consent revoke d27331fa"},
    {"consent list", "", "", 0, 0, cli_consent_list, "the consents asked for and given, and how they stand",
     "-n paris consent list"},
    {"handling list", "", "", 0, 0, cli_handling_list,
     "the codes that say how far a message may go, and what they are elsewhere", "handling list"},
    {"handling convert", "CODES [--to SCHEME]", " --to= ", 1, 1, cli_handling_convert,
     "a handling in its one spelling, or in tlp, pap or europol, and whether something is lost",
     "handling convert 'TLP:AMBER H1' --to europol"},
    {"grading convert", "GRADE --to SCHEME", " --to= ", 1, 1, cli_grading_convert,
     "a grade of source and information in another scheme, and whether something is lost",
     "grading convert 4x4:B/2 --to 3x5x2"},
    {"outbox list", "[--open] [--limit N]", " --open --limit= ", 0, 0, cli_outbox_list,
     "what was sent, and what became of it", "-n paris outbox list --open"},
    {"outbox wait", "[--timeout SECONDS]", " --timeout= ", 0, 0, cli_outbox_wait,
     "wait until nothing is waiting or under way", "-n paris outbox wait --timeout 60"},
    {"outbox end", "ID --reason TEXT [--to NODE]", " --reason= --to= ", 1, 1, cli_outbox_end,
     "give up sending a message, by name and with a reason",
     "-n paris outbox end d27331fa --reason 'asked by telephone'"},
    {"events", "[--after ID] [--count N] [--lane LANE]", " --after= --count= --lane= ", 0, 0, cli_events,
     "what changes, line by line, for as long as you listen", "-n paris events --json"},
    {"consignment export", "--to NODE FILE", " --to= ", 1, 1, cli_consignment_export,
     "what is open for a partner, and the answers that he is owed, as a file to be carried",
     "-n paris consignment export --to rabat rabat.wasl-consignment"},
    {"consignment import", "FILE", "", 1, 1, cli_consignment_import, "take in such a file of a partner's",
     "-n rabat consignment import rabat.wasl-consignment"},
    {"backup key", "-o FILE", " -o= ", 0, 0, cli_backup_key,
     "make the key that backups are sealed to; its secret half goes offline", "backup key -o backup.secret"},
    {"backup create", "-o FILE [--to KEYFILE]", " -o= --to= ", 0, 0, cli_backup_create,
     "the node as one sealed file, while it goes on", "-n paris backup create -o paris.wasl-backup"},
    {"backup verify", "FILE --key SECRETFILE", " --key= ", 1, 1, cli_backup_verify,
     "open a backup, check it and say what is in it; needs no node",
     "backup verify paris.wasl-backup --key backup.secret"},
    {"backup restore", "FILE DIR --key SECRETFILE", " --key= ", 2, 2, cli_backup_restore,
     "fill the empty core/ of a node's folder from a backup",
     "backup restore paris.wasl-backup paris --key backup.secret"},
    {"register head", "", "", 0, 0, cli_register_head, "the signed head of the node's register",
     "-n paris register head"},
    {"register show", "N [-o FILE]", " -o= ", 1, 1, cli_register_show,
     "leaf N and its opening; with -o, the evidence that a fault was kept with", "-n paris register show 7"},
    {"register check", "", "", 0, 0, cli_register_check, "recompute and compare everything", "-n paris register check"},
    {"stix list", "[--type TYPE] [--id ID | --case CASE | --message ID] [--lane LANE] [--limit N] [--after CURSOR] [--reason TEXT]",
     " --type= --id= --case= --message= --lane= --limit= --after= --reason= ", 0, 0, cli_stix_list,
     "STIX objects in parts of messages, the newest message first", "-n paris stix list --type indicator"},
    {"stix find", "ID [--lane LANE] [--limit N] [--after CURSOR] [--reason TEXT]", " --lane= --limit= --after= --reason= ", 1, 1,
     cli_stix_find, "which messages hold this STIX object, its newest version first",
     "-n paris stix find indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"},
    {"stix count", "[--type TYPE] [--lane LANE]", " --type= --lane= ", 0, 0, cli_stix_count, "how many STIX objects of which type are here",
     "-n paris stix count"},
    {"stix again", "", "", 0, 0, cli_stix_again, "make the index of STIX objects anew from the parts that are held", "-n paris stix again"},
    {"picture", "[--by field|region|week|partner] [--from DATE] [--to DATE] [--kind KIND]", " --by= --from= --to= --kind= ", 0, 0,
     cli_picture, "how many cases were opened, where and about what, and what left its range", "-n paris picture --by region"},
    {"statistics", "[--from DATE] [--to DATE] [--partner NODE] [--kind KIND] [--lane LANE] [--csv] | --publish YEAR [--lane LANE] [--csv]",
     " --from= --to= --partner= --kind= --lane= --publish= --csv ", 0, 0, cli_statistics,
     "numbers of requests, messages and acts, from what is signed", "-n paris statistics --from 2026-11-01 --csv"},
    {"proof export", "MESSAGE -o FILE [--reason TEXT]", " -o= --reason= ", 1, 1, cli_proof_export,
     "a message with its proofs, in one file for anybody", "-n paris proof export d27331fa -o case.wasl-proof"},
    {"proof verify", "FILE [--card FILE …] [--witness VKEY|CARD … --quorum N | --policy FILE]",
     " --card= --witness= --quorum= --policy= ", 1, 1, cli_proof_verify,
     "verify such a file, and say what it does not show; needs no node and no network",
     "proof verify case.wasl-proof --card paris.card --card rabat.card"},
};
const size_t cli_command_count = sizeof cli_commands / sizeof *cli_commands;

static const char *locale_name(void) {
  static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
  for (size_t i = 0; i < 3; i++) {
    const char *value = getenv(names[i]);
    if (value != NULL && value[0] != 0)
      return value;
  }
  return NULL;
}

/* `wasl --version`, with -n DIR and --json where they may stand. */
static bool version_asked(struct cli *cli, int argc, char **argv) {
  bool asked = false;
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--version") == 0 || (strcmp(argv[i], "version") == 0 && !asked))
      asked = true;
    else if (strcmp(argv[i], "--json") == 0)
      cli->json = true;
    else if (strcmp(argv[i], "-n") == 0 && i + 1 < argc)
      i++;
    else
      return false;
  return asked;
}

static enum base_code run(struct cli *cli, int argc, char **argv, struct base_error *err) {
  if (version_asked(cli, argc, argv)) {
    cli_line(cli, cli->json ? "{\"version\":\"" BASE_VERSION "\"}\n" : "wasl " BASE_VERSION "\n");
    return BASE_OK;
  }
  if (cli_help_asked(argc, argv))
    return cli_help(cli, argc, argv, err);
  enum base_code code = cli_args_read(cli, argc, argv, err);
  return code == BASE_OK ? cli->command->run(cli, err) : code;
}

/* The command itself is done, and who would do it again because of the exit status must know. */
static enum base_code fail_output(struct base_error *err) {
  if (errno == EPIPE)
    return base_fail(
        err, BASE_IO,
        "the command was done, but its output was not read to the end: the program behind the pipe closed it");
  return base_fail_errno(err, "the command was done, but its output could not be written");
}

int cli_main(int argc, char **argv) {
  static struct cli cli; /* large, and one per program */
  struct base_error err = {BASE_OK, ""};
  cli.program = argc > 0 ? argv[0] : "wasl";
  cli.world = base_world_system();
  cli.node = getenv("WASL_NODE");
  if (cli.node != NULL && cli.node[0] == 0)
    cli.node = NULL;
  cli.language = cli_language(locale_name());
  cli.out_terminal = isatty(STDOUT_FILENO) == 1;
  cli.err_terminal = isatty(STDERR_FILENO) == 1;
  base_log_program("wasl");
  base_buf_init(&cli.out, BASE_BUF_DEFAULT_LIMIT);
  enum base_code code = run(&cli, argc, argv, &err), written = base_buf_check(&cli.out, "the answer", NULL);
  if (code == BASE_OK && written != BASE_OK)
    code = base_buf_check(&cli.out, "the answer", &err);
  if (cli.out.size > 0 && base_write_all(STDOUT_FILENO, base_buf_view(&cli.out), NULL) != BASE_OK && code == BASE_OK)
    code = fail_output(&err);
  base_buf_free(&cli.out);
  if (code != BASE_OK)
    cli_complain(&cli, &err);
  return base_code_exit(code);
}
