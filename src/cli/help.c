/* SPDX-License-Identifier: Apache-2.0
 * Help: of everything, of a group of commands, of one command with what its words and options mean, and an example. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

enum { COLUMN = 24 };

/* An option, or a word below, means what the first row says whose command begins the command's own. */
static const struct {
  const char *name, *command, *value, *text;
} options[] = {
    {"--name", "person", "NAME", "the person's name in full"},
    {"--unit", "", "UNIT", "where the person works; '' for nowhere in particular"},
    {"--roles", "node init", "ROLE[,ROLE]", "those of the owner, administrator among them; all of them when left out"},
    {"--roles", "token", "ROLE[,ROLE]", "some of the person's roles; all of them when left out"},
    {"--roles", "", "ROLE[,ROLE]",
     "of liaison, supervisor, operations, integrator, auditor, administrator: what the person may do"},
    {"--owner", "", "PERSON",
     "as whom the user of the operating system acts who owns the node; without it, under the name of that user, with "
     "all "
     "roles"},
    {"--zone", "", "ZONE", "the time zone in which this node's people are told deadlines, as Africa/Casablanca; else UTC"},
    {"--lanes", "", "LANE[,LANE]",
     "in which this person works: humanitarian alone, or one or both of enforcement and civil, which it is when left out"},
    {"--exercise", "case list", NULL, "the exercises, which stand in no other list of cases; without it, what is real"},
    {"--exercise", "", NULL,
     "it is of an exercise, and never taken for the real: who opens a case says it, and who writes in one each time"},
    {"--check", "", NULL, "only say whether it may go: form, case and law are asked, and nothing is sent or kept"},
    {"--lane", "", "LANE", "what is enforcement, humanitarian or civil: what is humanitarian is never shown with anything else"},
    {"--owner-name", "", "NAME", "that person's name in full"},
    {"--label", "", "TEXT", "what the token is for, so that it can be told from others"},
    {"--days", "", "N", "how long it is valid, from now; at most 366"},
    {"--requests", "", "NAME[,NAME]", "only for these requests, by their names in spec/requests.md; at most 16"},
    {"--password-file", "", "FILE",
     "its first line is the password; - is standard input. Without it the terminal asks"},
    {"--current-file", "", "FILE", "its first line is the password that is replaced"},
    {"--current", "", NULL, "ask at the terminal for the password that is replaced, which a session must say"},
    {"--code", "", "CODE", "the six digits of the second factor, where the person has one"},
    {"--confirm", "", "CODE", "the first six digits that the authenticator shows: from then on it is asked for"},
    {"--reset", "", NULL, "for who lost the authenticator: an administrator takes the second factor away"},
    {"--bare", "", NULL, "without content: what the headers say; no leaf is written, nothing was read"},
    {"--name", "", "NAME", "the node's name for its partners: a letter a-z and up to 31 of a-z, 0-9 and -"},
    {"--org", "", "NAME", "the organisation's name, in every language that has none of its own"},
    {"--org-ar", "", "NAME", "… in Arabic"},
    {"--org-fr", "", "NAME", "… in French"},
    {"--org-en", "", "NAME", "… in English"},
    {"--org-es", "", "NAME", "… in Spanish"},
    {"--org-pt", "", "NAME", "… in Portuguese"},
    {"--listen", "", "HOST:PORT[,…]", "where the node listens for partners"},
    {"--address", "", "HOST:PORT[,…]", "where partners reach it, when that is another place"},
    {"--store", "", "STORE", "sqlite, or the address of a PostgreSQL database; sqlite when left out"},
    {"--keys", "", "URI",
     "the token (PKCS#11) that makes and holds the node's keys, pkcs11:token=…?module-path=…&pin-source=file:…"},
    {"--keys-env", "", "NAME=VALUE[,…]", "the environment that the token's module needs"},
    {"--keys-read", "", "PATH[,…]", "files and folders that the token's module reads while the node runs"},
    {"--keys-write", "", "PATH[,…]", "… and writes"},
    {"--to", "store migrate", "URI", "postgresql://USER@HOST:PORT/DATABASE, an empty database of the node's own"},
    {"--generation", "", "N", "an earlier one: 1 is the card that the node was made with"},
    {"--sign", "", NULL, "the keys of the register and of cosignatures"},
    {"--seal", "", NULL, "the key that partners seal to"},
    {"--tls", "", NULL, "the key of the line"},
    {"--all", "key", NULL, "all three, and the key under which content is kept"},
    {"--all", "release", NULL, "those that were decided on, too"},
    {"--force", "", NULL, "although a partner does not know the new one yet, who must be given the new card by hand"},
    {"--fingerprint", "", "DIGITS", "the eight groups of five digits, as the partner said them by voice"},
    {"--leaves-lost", "", NULL, "they are, and no newer copy is found: the register before is closed for ever"},
    {"--number", "", "N",
     "the epoch that is to begin: 2 at the register's first loss, else one more than the last; needed when "
     "keeper/heads.state is lost or damaged"},
    {"--due", "", NULL, "only what is due by now"},
    {"--keep", "", NULL, "it stays: somebody looked at it and still needs it; what is not needed is erased (wasl message erase)"},
    {"--next", "", "DATE", "when it is reviewed again, within 366 days; after 181 when left out"},
    {"--after", "case review", "CURSOR", "the next page, as the page before names it"},
    {"--limit", "case review", "N", "at most so many, from 1, what is due first; 100 when left out"},
    {"--reason", "reader", "TEXT", "why; kept in the register with the names"},
    {"--reason", "case review", "TEXT", "why it is still needed; kept in the register with the person's name"},
    {"--by", "message certificate", "PARTNER", "of several partners who certify it, this one"},
    {"--reason", "case erase", "TEXT", "why; kept in the register; partners whose messages go read it, and the name"},
    {"--reason", "message erase", "TEXT", "why; kept in the register; the partner who wrote it reads it, and the name"},
    {"--reason", "recall withdraw", "TEXT", "why it is taken back; those who were asked read it"},
    {"--reason", "recall", "TEXT", "a word to those who are asked"},
    {"--measure", "", "erase|correct|restrict", "what is asked for"},
    {"--ground", "", "GROUND", "why: wasl kind show recall lists the grounds of a recall and those for keeping"},
    {"--correction", "", "TEXT", "what is right"},
    {"--outcome", "", "erased|corrected|restricted|never_held|kept", "what was done"},
    {"--reason", "outbox end", "TEXT", "why; kept in the register with the person's name; the partner may read it"},
    {"--reason", "agreement end", "TEXT", "why it is ended; the other parties read it"},
    {"--on", "", "DAY", "from when on: 2027-06-30, its midnight UTC; without it after the notice that was agreed, else at once"},
    {"--reason", "consent", "TEXT", "why; the other party reads it"},
    {"--emergency", "", "GROUND",
     "without a row where none covers it: vital_interests, immediate_threat or essential_interests; you answer for it "
     "by "
     "name, and follow it up within 72 hours"},
    {"--derogation", "", "CODE",
     "lets personal data leave the area of Directive (EU) 2016/680 where no row names a basis: vital_interests, "
     "legitimate_interests, immediate_threat, individual_case or legal_claims; you answer for it by name"},
    {"--reason", "case open", "TEXT",
     "why it is an emergency, which the other party reads; or why the derogation is so, which is kept in the register"},
    {"--reason", "case send", "TEXT",
     "why it is an emergency, which the other party reads; or why the derogation is so, which is kept in the register"},
    {"--basis", "", "row_in_force|authority_informed|recalled", "how: an agreement covers it now, an authority was informed, or it was recalled"},
    {"--authority", "", "NAME", "which authority was informed"},
    {"--reason", "", "TEXT", "why; kept in the register"},
    {"--message", "part", "ID", "the message whose part it is; without it, any that has it"},
    {"--message", "stix", "ID", "only what is in this message"},
    {"--case", "stix", "CASE", "only what is in messages of this case"},
    {"--type", "stix", "TYPE", "only objects of this type, such as indicator"},
    {"--id", "stix", "ID", "only this object, as wasl stix find"},
    {"--after", "stix", "CURSOR", "the next page, as the page before names it"},
    {"--limit", "stix", "N", "at most so many, 1 to 100; 100 when left out"},
    {"--by", "picture", "field|region|week|partner", "by what they are counted; field when left out"},
    {"--from", "picture", "DATE", "from the week of this day; else twelve weeks before the last"},
    {"--to", "picture", "DATE", "up to the week of this day; else today"},
    {"--to", "statistics", "DATE", "up to this day, which is still in it; else to the last leaf"},
    {"--to", "outbox end", "NODE", "only to this partner; to all when left out"},
    {"--to", "consignment", "NODE", "the partner whom it is carried to, by name"},
    {"--to", "backup", "KEYFILE", "a file with the key that it is sealed to; else that of wasl.conf"},
    {"--key", "partner", "VKEY",
     "a witness's verifier key, NAME+ID+BASE64, as it publishes it; without one, the partner's own"},
    {"--url", "", "URL", "where a witness is reached: its submission prefix, https://…"},
    {"--pin", "", "HEX", "the hash of its TLS key; without one, the authorities that this system trusts decide"},
    {"--stop", "", NULL, "no more from now on"},
    {"--key", "", "SECRETFILE", "the secret half of that key, as wasl backup key made it"},
    {"--to", "consent", "NODE[,NODE]", "the recipients: partners by name, other nodes by their origin"},
    {"--purpose", "consent", "CODE", "the one purpose that it may be passed on for, as kinds name it"},
    {"--until", "consent", "TIME", "until when: 2026-12-31, its midnight UTC, or 2026-12-31T12:00:00Z"},
    {"--to", "handling", "SCHEME", "tlp, pap, europol or wasl; wasl when left out"},
    {"--to", "grading", "SCHEME", "4x4, 6x6, 5x5x5 or 3x5x2"},
    {"--to", "", "NODE[,NODE]", "the partners it goes to, by name"},
    {"--file", "", "FILE", "the terms as JSON; - is standard input"},
    {"--example", "", NULL, "terms that cover every kind, for a year"},
    {"--purpose", "", "CODE", "the purpose of the case, as wasl kind show lists them"},
    {"--personal", "", "CLASS", "the class of personal data in the form: none, ordinary, special; else the least of such a form"},
    {"--terms", "", "ID", "the terms that were read (case show); needed once others were proposed than the first"},
    {"--note", "", "TEXT", "a word to the other parties"},
    {"--fields", "", "FILE", "the form as JSON (wasl kind example); - is standard input"},
    {"--field", "", "NAME=VALUE", "one field, in place of that in --fields; may stand often"},
    {"--part", "", "FILE", "a file that goes with it; JSON and STIX are looked into; may stand often"},
    {"--part-as-is", "", "FILE", "a file that nobody looks into"},
    {"--part-name", "", "NAME", "another name for the part before it"},
    {"--from", "", "DATE", "from this day on, YYYY-MM-DD, its midnight UTC; else from the first leaf"},
    {"--partner", "", "NODE", "only what was exchanged with this partner"},
    {"--publish", "", "YEAR", "of a year that is over, what may be published: small counts are hidden"},
    {"--csv", "", NULL, "as CSV, a line per number"},
    {"--case", "law explain", "CASE", "in which it would be sent: its purpose is taken, and the agreement must last as long as its period"},
    {"--handling", "", "CODES", "how far it may go, such as amber or 'red no_judicial_use'; wasl handling list has them"},
    {"--grading", "", "GRADE", "how good source and information are: SCHEME:SOURCE/INFORMATION, such as 4x4:B/2"},
    {"--kind", "", "KIND", "only cases of this kind"},
    {"--by", "", "deadline",
     "what is due first comes first: the overdue, then the next, then the paused; those without a deadline last"},
    {"--state", "case items", "STATE", "only items in this state"},
    {"--item", "", "NAME", "only items of this name, as wasl kind show lists them"},
    {"--state", "", "STATE", "only cases in this state, by deadline"},
    {"--after", "case list", "CURSOR", "the next page of a list by deadline, as the page before names it"},
    {"--after", "release", "NUMBER", "only what was submitted after this one"},
    {"--limit", "case list", "N", "at most so many; by deadline from 1, and 100 when left out, else 0 or left out: all"},
    {"--limit", "", "N", "at most so many; 0 or left out: all"},
    {"--after", "", "ID", "what came after this event, as an earlier call told its id"},
    {"--count", "", "N", "end after so many"},
    {"--open", "", NULL, "only what is waiting or under way"},
    {"--timeout", "partner reconcile", "SECONDS", "how long to wait for its answer; 60 when left out"},
    {"--timeout", "", "SECONDS", "how long; 600 when left out"},
    {"--all", "", NULL, "every number, not only those since both were equal"},
    {"--card", "", "FILE", "a card from a source that you trust; may stand often"},
    {"--witness", "partner", "NAME",
     "not a partner's card, but a witness of our register: a partner, or one with --key and --url"},
    {"--witness", "", "VKEY|CARD",
     "a witness whose cosignature counts, by its verifier key or its card; may stand often"},
    {"--quorum", "", "N", "so many of these must have cosigned, else it does not verify"},
    {"--policy", "", "FILE",
     "a C2SP tlog-policy: which registers and witnesses count, and which of these must have cosigned"},
    {"-o", "backup key", "FILE", "where the secret goes, for its owner alone; never over another file"},
    {"-o", "card", "FILE", "where it goes, for its owner alone; standard output when left out"},
    {"-o", "", "FILE", "where it goes, for its owner alone; - is standard output"},
};

static const struct {
  const char *word, *command, *text;
} words[] = {
    {"FILE", "consignment", "the file that is carried"},
    {"FILE", "kind", "the kind as JSON (spec/kind.md), such as talks.json; - is standard input"},
    {"LABELS", "", "its texts in five languages; talks.labels.json beside it when left out"},
    {"VERSION", "", "which version, as wasl kind list shows it; the one that new cases are of when left out"},
    {"FILE", "backup", "the backup; - is standard input"},
    {"DIR", "node epoch", "the folder of the stopped node"},
    {"DIR", "backup", "the node's folder, with its keys in it and core/ empty or lost"},
    {"PERSON", "", "a person's name here: a letter a-z and up to 31 of a-z, 0-9 and -"},
    {"NUMBER", "token", "the token's, as wasl token list shows it"},
    {"KIND", "", "a kind of case, as wasl kind list names it"},
    {"TYPE", "", "a type of message, as wasl kind show names it"},
    {"CODES", "", "codes of wasl handling list, or TLP:AMBER, PAP:RED, H0 to H3"},
    {"GRADE", "", "SCHEME:SOURCE/INFORMATION, as in 4x4:B/2"},
    {"CASE", "", "a case's id, or its first digits (at least 4)"},
    {"FROM", "case feed", "the case whose items go on: its id, or the first digits of it"},
    {"TO", "case feed", "the case into which they go"},
    {"MESSAGE", "", "a message's id, or its first digits (at least 4)"},
    {"ID", "stix", "the id of a STIX object: its type, -- and a UUID"},
    {"ID", "", "a message's id, or its first digits (at least 4)"},
    {"SHA256", "", "a part's hash, as wasl message show names it"},
    {"NAME", "witness", "the witness's name here"},
    {"NUMBER", "release", "what is held, as wasl release list shows it"},
    {"NUMBER", "", "how many; 0: none"},
    {"PARTNER", "", "a partner's name"},
    {"NAME", "", "a partner's name"},
    {"FILE", "", "the file; - is standard input"},
    {"DIR", "store migrate", "the node's folder"},
    {"DIR", "", "the folder: new, or empty"},
    {"ZONE", "", "a name of the time zone database, as Africa/Casablanca, Europe/Paris or UTC"},
    {"N", "", "a leaf's number, counted from 0"},
};

static const char exits[] =
    "Exit: 0 done, 1 failed, 2 wrong use, 5 not found, 6 refused by law or policy, 7 the evidence "
    "does not verify, 8 the partner cannot be reached, 9 it is held until another person releases it.";

/* In their language: help.def. */
static void say(struct cli *cli, const char *english) {
  if (!cli_said(cli->language, base_view_text(english), cli->out_terminal && cli->language == WIRE_AR, &cli->out))
    base_buf_text(&cli->out, english);
}

static void say_line(struct cli *cli, const char *english) {
  say(cli, english);
  base_buf_text(&cli->out, "\n");
}

static bool begins(const char *text, const char *start) {
  return strncmp(text, start, strlen(start)) == 0;
}

const char *cli_help_option(const struct cli_command *command, struct base_view name, const char **value) {
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    if (base_view_is(name, options[i].name) && begins(command->words, options[i].command)) {
      *value = options[i].value;
      return options[i].text;
    }
  return NULL;
}

const char *cli_help_word(const struct cli_command *command, struct base_view word) {
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (base_view_is(word, words[i].word) && begins(command->words, words[i].command))
      return words[i].text;
  return NULL;
}

static void row(struct cli *cli, struct base_view name, const char *value, const char *text) {
  BASE_AUTO_BUF struct base_buf left = {0};
  base_buf_init(&left, 256);
  base_buf_printf(&left, "%.*s%s%s", (int)name.size, (const char *)name.data, value != NULL ? " " : "",
                  value != NULL ? value : "");
  size_t width = cli_width(base_buf_view(&left));
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, base_buf_view(&left));
  base_buf_printf(&cli->out, "%*s", (int)(width < COLUMN ? COLUMN - width : 2), "");
  say_line(cli, text);
}

static bool takes_value(const struct cli_command *command, struct base_view option) {
  const char *value = NULL;
  return cli_help_option(command, option, &value) != NULL && value != NULL;
}

bool cli_help_next_word(const struct cli_command *command, const char **at, struct base_view *word) {
  bool value = false; /* what stands next belongs to the option before it */
  while (**at != 0) {
    *at += strspn(*at, " []");
    *word = base_view_of(*at, strcspn(*at, " []"));
    *at += word->size;
    bool option = word->size > 0 && word->data[0] == '-';
    if (word->size > 0 && !option && !value && word->data[0] >= 'A' && word->data[0] <= 'Z')
      return true;
    value = option && takes_value(command, *word);
  }
  return false;
}

/* The words of its usage that are neither options nor their values. */
static void explain_words(struct cli *cli, const struct cli_command *command) {
  struct base_view word;
  for (const char *at = command->usage; cli_help_next_word(command, &at, &word);) {
    const char *text = cli_help_word(command, word);
    if (text != NULL)
      row(cli, word, NULL, text);
  }
}

static void explain_options(struct cli *cli, const struct cli_command *command) {
  for (const char *at = command->options; *at != 0;) {
    at += strspn(at, " ");
    size_t size = strcspn(at, " =");
    struct base_view name = base_view_of(at, size);
    const char *value = NULL, *text = cli_help_option(command, name, &value);
    if (text != NULL)
      row(cli, name, value, text);
    at += strcspn(at, " ");
  }
  row(cli, BASE_VIEW("-n"), "DIR", "the node's folder; else WASL_NODE");
  row(cli, BASE_VIEW("--json"), NULL, "print one JSON document");
}

static void say_use(struct cli *cli, const struct cli_command *command) {
  BASE_AUTO_BUF struct base_buf use = {0};
  base_buf_init(&use, 4096);
  base_buf_printf(&use, "wasl %s%s%s", command->words, command->usage[0] ? " " : "", command->usage);
  cli_isolated(cli, &cli->out, base_buf_view(&use));
  base_buf_text(&cli->out, "\n");
}

void cli_help_command(struct cli *cli, const struct cli_command *command) {
  say_use(cli, command);
  base_buf_text(&cli->out, "\n  ");
  say_line(cli, command->help);
  base_buf_text(&cli->out, "\n");
  explain_words(cli, command);
  explain_options(cli, command);
  base_buf_text(&cli->out, "\n");
  say_line(cli, "Example");
  base_buf_printf(&cli->out, "  wasl %s\n\n", command->example);
  say_line(cli, exits);
}

static bool of_group(const struct cli_command *command, const char *group) {
  size_t size = strlen(group);
  return size > 0 && strncmp(command->words, group, size) == 0 && command->words[size] == ' ';
}

bool cli_help_group_words(const char *group, struct base_buf *out) {
  bool found = false;
  for (size_t i = 0; i < cli_command_count; i++)
    if (of_group(&cli_commands[i], group)) {
      base_buf_printf(out, "%s%s", found ? ", " : "", cli_commands[i].words + strlen(group) + 1);
      found = true;
    }
  return found;
}

static void help_group(struct cli *cli, const char *group) {
  char more[128];
  for (size_t i = 0; i < cli_command_count; i++)
    if (of_group(&cli_commands[i], group)) {
      say_use(cli, &cli_commands[i]);
      base_buf_text(&cli->out, "  ");
      say_line(cli, cli_commands[i].help);
    }
  base_buf_text(&cli->out, "\n");
  (void)snprintf(more, sizeof more, "wasl help %.40s COMMAND says more of each.", group);
  say_line(cli, more);
  say_line(cli, exits);
}

static void help_row(struct cli *cli, const char *left, const char *text) {
  base_buf_text(&cli->out, "  ");
  cli_isolated(cli, &cli->out, base_view_text(left));
  base_buf_printf(&cli->out, "%*s", (int)(strlen(left) < 18 ? 20 - strlen(left) : 2), "");
  say_line(cli, text);
}

static void help_all(struct cli *cli) {
  say_line(cli, "wasl links organisations that stay sovereign, and hands out receipts.");
  base_buf_text(&cli->out, "\n");
  say_line(cli, "Use: wasl [-n DIR] COMMAND … [--json]");
  base_buf_text(&cli->out, "\n");
  for (size_t i = 0; i < cli_command_count; i++)
    help_row(cli, cli_commands[i].words, cli_commands[i].help);
  base_buf_text(&cli->out, "\n");
  help_row(cli, "wasld DIR", "run the node in DIR in the foreground");
  base_buf_text(&cli->out, "\n");
  say_line(cli, "-n DIR (or WASL_NODE) names the node's folder. wasl help COMMAND says more; so does man wasl.");
  say_line(cli, exits);
}

static bool is_help(const char *word) {
  return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

bool cli_help_asked(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "help") == 0)
    return true;
  for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
    if (is_help(argv[i]))
      return true;
  return false;
}

enum base_code cli_help(struct cli *cli, int argc, char **argv, struct base_error *err) {
  char *named[CLI_WORDS_MAX];
  int count = 0, used;
  /* Up to the first option: what is given to a command does not name it. */
  for (int i = 1; i < argc && count < CLI_WORDS_MAX; i++) {
    if (strcmp(argv[i], "-n") == 0)
      i++;
    else if (argv[i][0] == '-' && count > 0)
      break;
    else if (argv[i][0] != '-' && (i > 1 || strcmp(argv[i], "help") != 0))
      named[count++] = argv[i];
  }
  const struct cli_command *command = cli_command_find(count, named, &used);
  BASE_AUTO_BUF struct base_buf group = {0};
  base_buf_init(&group, 256);
  if (count == 0)
    help_all(cli);
  else if (command != NULL)
    cli_help_command(cli, command);
  else if (cli_help_group_words(named[0], &group) && count == 1)
    help_group(cli, named[0]);
  else
    return cli_usage(cli, err, "there is no command '%.40s%s%.40s'", named[0], count > 1 ? " " : "",
                     count > 1 ? named[1] : "");
  return BASE_OK;
}
