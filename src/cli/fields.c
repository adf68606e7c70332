/* SPDX-License-Identifier: Apache-2.0
 * Filled forms: --fields, --field and --part made into a request. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "wire/tar.h"

enum { FIELDS_FILE_MAX = 2 << 20, FIELD_NAME_MAX = 63 };

static enum base_code write_integer(const char *name, struct base_view value, struct base_buf *out,
                                    struct base_error *err) {
  bool minus = value.size > 1 && value.data[0] == '-';
  uint64_t number;
  if (!base_decimal_parse(base_view_of(value.data + minus, value.size - minus), &number) || number > INT64_MAX)
    return base_fail(err, BASE_FIELD, "--field %s: not a whole number", name);
  base_buf_printf(out, "%s%llu", minus && number > 0 ? "-" : "", (unsigned long long)number);
  return BASE_OK;
}

static void write_list(struct base_view value, struct wire_writer *writer) {
  wire_write_array(writer);
  while (value.size > 0) {
    const uint8_t *comma = memchr(value.data, ',', value.size);
    size_t size = comma == NULL ? value.size : (size_t)(comma - value.data);
    wire_write_text(writer, base_view_of(value.data, size));
    size += comma != NULL;
    value = base_view_of(value.data + size, value.size - size);
  }
  wire_write_end(writer, ']');
}

enum base_code cli_field_value(const char *name, struct base_view type, struct base_view value, struct base_buf *out,
                               struct base_error *err) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  if (!base_utf8_valid(value))
    return base_fail(err, BASE_UTF8, "--field %s: not UTF-8", name);
  if (base_view_is(type, "integer"))
    return write_integer(name, value, out, err);
  if (base_view_is(type, "bool")) {
    if (!base_view_is(value, "true") && !base_view_is(value, "false"))
      return base_fail(err, BASE_FIELD, "--field %s: true or false", name);
    base_buf_add_view(out, value);
  } else if (base_view_is(type, "codes") || base_view_is(type, "names")) {
    write_list(value, &writer);
  } else if (base_view_is(type, "table")) {
    WIRE_AUTO_JSON struct wire_json *json = NULL;
    enum base_code code = wire_json_parse_own(value, FIELDS_FILE_MAX, "its rows", &json, err);
    if (code != BASE_OK)
      return base_fail_within(err, "--field %s (a JSON array of rows)", name);
    wire_write_value(&writer, json);
  } else {
    wire_write_text(&writer, value);
  }
  return base_buf_check(out, name, err);
}

/* "name=value" of one --field. */
static enum base_code split_field(const struct cli *cli, const char *option, char name[FIELD_NAME_MAX + 1],
                                  struct base_view *value, struct base_error *err) {
  const char *equals = strchr(option, '=');
  size_t size = equals == NULL ? 0 : (size_t)(equals - option);
  if (size == 0 || size > FIELD_NAME_MAX)
    return cli_usage(cli, err, "--field takes NAME=VALUE");
  memcpy(name, option, size);
  name[size] = 0;
  *value = base_view_text(equals + 1);
  return BASE_OK;
}

static enum base_code write_field(const struct cli *cli, const struct wire_json *kind, struct base_view type,
                                  size_t option, struct wire_writer *writer, struct base_error *err) {
  char name[FIELD_NAME_MAX + 1];
  struct base_view value;
  enum base_code code = split_field(cli, cli->options[option].value, name, &value, err);
  if (code != BASE_OK)
    return code;
  for (size_t i = 0; i < option; i++) {
    const char *earlier = cli->options[i].value;
    if (strcmp(cli->options[i].name, "--field") == 0 && strncmp(earlier, name, strlen(name)) == 0 &&
        earlier[strlen(name)] == '=')
      return cli_usage(cli, err, "--field %s stands twice", name);
  }
  /* A field that the kind does not have goes as text: the node names what is allowed. */
  struct base_view field_type = cli_string(cli_kind_field(kind, type, base_view_text(name)), "type");
  BASE_AUTO_BUF struct base_buf json = {0};
  base_buf_init(&json, FIELDS_FILE_MAX);
  code = cli_field_value(name, field_type, value, &json, err);
  if (code != BASE_OK)
    return code;
  wire_write_key(writer, name);
  wire_write_raw(writer, base_buf_view(&json));
  return BASE_OK;
}

static bool given_as_field(const struct cli *cli, struct base_view name) {
  for (size_t i = 0; i < cli->option_count; i++) {
    const char *value = cli->options[i].value, *equals = strchr(value, '=');
    if (strcmp(cli->options[i].name, "--field") == 0 && equals != NULL &&
        base_view_equal(base_view_of(value, (size_t)(equals - value)), name))
      return true;
  }
  return false;
}

/* The file as a JSON object. What an editor puts before it, a byte order mark, means nothing and is passed over. */
static enum base_code read_file(const char *file, struct wire_json **out, struct base_error *err) {
  static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
  const char *said = cli_to_stdout(file) ? "standard input" : file;
  BASE_AUTO_BUF struct base_buf text = {0};
  base_buf_init(&text, 2 * FIELDS_FILE_MAX);
  enum base_code code = cli_input_read(file, FIELDS_FILE_MAX, &text, err);
  if (code != BASE_OK)
    return code;
  struct base_view view = base_buf_view(&text);
  if (view.size >= sizeof mark && memcmp(view.data, mark, sizeof mark) == 0)
    view = base_view_of(view.data + sizeof mark, view.size - sizeof mark);
  code = wire_json_parse_own(view, FIELDS_FILE_MAX, said, out, err);
  if (code == BASE_OK && wire_json_type(*out) != WIRE_JSON_OBJECT)
    code = base_fail(err, BASE_FIELD, "%s: $: an object with the form's fields was expected", said);
  return code;
}

/* The members of --fields that no --field replaces. */
static enum base_code write_file(const struct cli *cli, const char *file, struct wire_writer *writer,
                                 struct base_error *err) {
  WIRE_AUTO_JSON struct wire_json *json = NULL;
  enum base_code code = read_file(file, &json, err);
  if (code != BASE_OK)
    return code;
  void *cursor = NULL;
  struct base_view key;
  const struct wire_json *value;
  while (wire_json_next(json, &cursor, &key, &value))
    if (!given_as_field(cli, key)) {
      wire_write_key_view(writer, key);
      wire_write_value(writer, value);
    }
  return BASE_OK;
}

enum base_code cli_fields(struct cli *cli, const struct wire_json *kind, struct base_view type, struct base_buf *out,
                          struct base_error *err) {
  struct wire_writer writer;
  const char *file = cli_option(cli, "--fields");
  enum base_code code = BASE_OK;
  wire_writer_init(&writer, out);
  wire_write_object(&writer);
  if (file != NULL)
    code = write_file(cli, file, &writer, err);
  for (size_t i = 0; code == BASE_OK && i < cli->option_count; i++)
    if (strcmp(cli->options[i].name, "--field") == 0)
      code = write_field(cli, kind, type, i, &writer, err);
  if (code != BASE_OK)
    return code;
  wire_write_end(&writer, '}');
  return base_buf_check(out, "the fields", err);
}

/* --- parts */

const char *cli_media_type(const char *name, bool stix) {
  static const struct {
    const char *ending, *type;
  } types[] = {
      {".json", "application/json"},
      {".txt", "text/plain"},
      {".pdf", "application/pdf"},
      {".xml", "application/xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".zip", "application/zip"},
      {".csv", "text/csv"},
      {".html", "text/html"},
      {".stix", "application/stix+json"},
  };
  if (stix)
    return "application/stix+json";
  const char *dot = strrchr(name, '.');
  for (size_t i = 0; dot != NULL && i < sizeof types / sizeof *types; i++)
    if (strcasecmp(dot, types[i].ending) == 0)
      return types[i].type;
  return "application/octet-stream";
}

static enum base_code open_part(const char *file, int *out, uint64_t *size, struct base_error *err) {
  struct stat status;
  int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0)
    return base_fail_errno(err, "%s: cannot be opened", file);
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    base_close_fd(&fd);
    return base_fail(
        err, BASE_FIELD,
        "%s: not an ordinary file; a part needs a name and a size, so write what a pipe gives to a file first", file);
  }
  *size = (uint64_t)status.st_size;
  if (*size > WIRE_PART_SIZE_MAX) {
    base_close_fd(&fd);
    return base_fail(err, BASE_TOO_LARGE, "--part %s: %llu bytes are more than a part may have, %llu: split it", file,
                     (unsigned long long)*size, (unsigned long long)WIRE_PART_SIZE_MAX);
  }
  *out = fd;
  return BASE_OK;
}

/* The last piece of the file's path, unless another was given. */
static enum base_code part_name(const char *file, const char *given, const char **out, struct base_error *err) {
  const char *slash = strrchr(file, '/'), *name = given != NULL ? given : slash == NULL ? file : slash + 1;
  struct wire_spot spot;
  if (!wire_line_check(base_view_text(name), &spot))
    return base_fail(err, BASE_FIELD, "--part %s: in its name %s; give it another with --part-name NAME", file,
                     wire_spot_text(&spot).text);
  if (!wire_part_name_valid(base_view_text(name)))
    return base_fail(err, BASE_FIELD,
                     "--part %s: a name has 1 to %d bytes and no '/', and is not . or ..; give it another with "
                     "--part-name NAME",
                     file, WIRE_PART_NAME_MAX);
  *out = name;
  return BASE_OK;
}

/* as_is: nobody looks into it, and nobody is told that it is anything but octets. */
static enum base_code upload_part(struct cli *cli, const char *file, const char *given, bool as_is,
                                  struct wire_writer *writer, struct base_error *err) {
  BASE_AUTO_FD int fd = -1;
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  char path[8 * 256 + 256];
  uint64_t size = 0;
  const char *name = NULL;
  enum base_code code = part_name(file, given, &name, err);
  if (code != BASE_OK)
    return code;
  const char *type = as_is ? "application/octet-stream" : cli_media_type(name, false);
  (void)snprintf(path, sizeof path, "/v1/parts?name=%s&type=%s&as_is=%s", cli_piece(base_view_text(name)).text,
                 cli_piece(base_view_text(type)).text, as_is ? "true" : "false");
  code = open_part(file, &fd, &size, err);
  if (code == BASE_OK) {
    if (size > WIRE_TAR_SIZE_MAX)
      cli_note(cli, "%s: %s", name, cli_word(cli, CLI_BEYOND_EVIDENCE));
    code = cli_upload(cli, path, fd, size, name, &answer, err);
    if (code != BASE_OK)
      return base_fail_within(err, "--part %s", file);
  }
  if (code != BASE_OK)
    return code;
  const struct wire_json *report = wire_json_get(answer.json, "stix");
  bool stix = wire_json_true(report) || wire_json_true(wire_json_get(report, "stix"));
  const struct wire_json *warnings = wire_json_get(report, "warnings");
  for (size_t i = 0; i < wire_json_size(warnings); i++)
    cli_warn(cli, name, wire_json_text(wire_json_at(warnings, i)));
  wire_write_object(writer);
  wire_write_member_text(writer, "stage", cli_string(answer.json, "stage"));
  wire_write_member_string(writer, "name", name);
  wire_write_member_string(writer, "type", stix ? cli_media_type(name, true) : type);
  wire_write_end(writer, '}');
  return BASE_OK;
}

static bool a_part(const struct cli_option *option) {
  return strcmp(option->name, "--part") == 0 || strcmp(option->name, "--part-as-is") == 0;
}

enum base_code cli_parts(struct cli *cli, struct base_buf *out, struct base_error *err) {
  struct wire_writer writer;
  wire_writer_init(&writer, out);
  wire_write_array(&writer);
  const struct cli_option *options = cli->options;
  bool named = true; /* the part before has its name, or there is none */
  size_t count = 0;
  for (size_t i = 0; i < cli->option_count; i++) {
    bool name = strcmp(options[i].name, "--part-name") == 0;
    if (name && named)
      return cli_usage(cli, err, "--part-name names the --part before it, once");
    named = a_part(&options[i]) ? false : named || name;
    count += a_part(&options[i]);
  }
  if (count > WIRE_PARTS_MAX)
    return cli_usage(cli, err, "%zu parts were given; a message has at most %d", count, WIRE_PARTS_MAX);
  for (size_t i = 0; i < cli->option_count; i++) {
    const char *given = NULL;
    bool as_is = strcmp(options[i].name, "--part-as-is") == 0;
    if (!a_part(&options[i]))
      continue;
    for (size_t k = i + 1; k < cli->option_count && given == NULL && !a_part(&options[k]); k++)
      given = strcmp(options[k].name, "--part-name") == 0 ? options[k].value : NULL;
    enum base_code code = upload_part(cli, options[i].value, given, as_is, &writer, err);
    if (code != BASE_OK)
      return code;
  }
  wire_write_end(&writer, ']');
  return base_buf_check(out, "the parts", err);
}

/* --- sending */

/* What seems to be of a person, in a text: for whoever wrote it to look at once more. */
static void say_warnings(struct cli *cli, const struct wire_json *warnings, bool checked) {
  static const struct {
    const char *what;
    enum cli_word word;
  } words[] = {{"email", CLI_HINT_EMAIL},
               {"phone", CLI_HINT_PHONE},
               {"birth", CLI_HINT_BIRTH},
               {"document", CLI_HINT_DOCUMENT},
               {"mrz", CLI_HINT_MRZ}};
  for (size_t i = 0; i < wire_json_size(warnings); i++) {
    const struct wire_json *one = wire_json_at(warnings, i);
    struct base_view field = cli_string(one, "field");
    for (size_t k = 0; k < sizeof words / sizeof *words; k++)
      if (base_view_is(cli_string(one, "what"), words[k].what))
        cli_note(cli, "%s: %.*s, %s %lld: %s; %s", cli_word(cli, CLI_HINT), (int)field.size, (const char *)field.data,
                 cli_word(cli, CLI_HINT_PLACE), (long long)cli_number(one, "place"), cli_word(cli, words[k].word),
                 cli_word(cli, checked ? CLI_CHECKED : CLI_HINT_NEXT));
  }
}

/* Nothing goes before another person said yes: that is no id, and no success to a script that wants one. */
static enum base_code print_held(const struct wire_json *release, struct base_error *err) {
  long long number = (long long)cli_number(release, "number");
  struct base_view asks = cli_string(release, "asks"), until = cli_string(release, "until");
  return base_fail(err, BASE_RELEASE,
                   "nothing was sent yet: release %lld waits for a second person (%.*s) until %.*s, who reads it with wasl "
                   "release show %lld and lets it go with wasl release give %lld",
                   number, (int)asks.size, (const char *)asks.data, (int)until.size, (const char *)until.data, number,
                   number);
}

static enum base_code print_id(struct cli *cli, const struct cli_answer *answer, struct base_error *err) {
  struct base_id id;
  const struct wire_json *release = wire_json_get(answer->json, "release");
  cli_law_end(cli, answer->json);
  cli_exercise_note(cli, answer->json);
  if (wire_json_type(release) == WIRE_JSON_OBJECT)
    return print_held(release, err);
  bool checked = wire_json_type(wire_json_get(answer->json, "check")) == WIRE_JSON_OBJECT;
  if (checked)
    cli_checked(cli, answer);
  else if (!base_id_parse(cli_string(answer->json, "id"), &id))
    return base_fail(err, BASE_PROTOCOL, "the node's answer holds no id");
  else if (!cli_print_json(cli, answer))
    cli_line(cli, "%s\n", base_id_text(&id).text);
  if (!checked) /* else its clause says it */
    cli_emergency_said(cli, answer->json);
  cli_derogation_said(cli, answer->json);
  say_warnings(cli, wire_json_get(answer->json, "warnings"), checked);
  cli_law_unused(cli, answer->json);
  return BASE_OK;
}

/* NULL: not given. */
static enum base_code take_marking(const struct cli *cli, const char *name, const char **out, struct base_error *err) {
  *out = cli_option(cli, name);
  if (*out != NULL && !base_utf8_valid(base_view_text(*out)))
    return base_fail(err, BASE_UTF8, "%s is not UTF-8", name);
  return BASE_OK;
}

enum base_code cli_send_written(struct cli *cli, const char *path, struct base_view body, struct base_error *err) {
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  enum base_code code = cli_post(cli, path, body, &answer, err);
  return code == BASE_OK ? print_id(cli, &answer, err) : code;
}

static enum base_code write_rest(struct cli *cli, struct wire_writer *writer, struct base_view fields,
                                 struct base_view parts, struct base_error *err) {
  const char *handling, *grading;
  enum base_code code = take_marking(cli, "--handling", &handling, err);
  if (code == BASE_OK)
    code = take_marking(cli, "--grading", &grading, err);
  if (code != BASE_OK)
    return code;
  if (cli_has(cli, "--exercise"))
    wire_write_member_bool(writer, "exercise", true);
  if (cli_has(cli, "--check"))
    wire_write_member_bool(writer, "check", true);
  wire_write_key(writer, "fields");
  wire_write_raw(writer, fields);
  if (parts.size > 0) {
    wire_write_key(writer, "parts");
    wire_write_raw(writer, parts);
  }
  if (handling != NULL)
    wire_write_member_string(writer, "handling", handling);
  if (grading != NULL)
    wire_write_member_string(writer, "grading", grading);
  code = cli_emergency_write(cli, writer, err);
  if (code == BASE_OK)
    code = cli_derogation_write(cli, writer, err);
  wire_write_end(writer, '}');
  return code == BASE_OK ? base_buf_check(writer->out, "the request", err) : code;
}

enum base_code cli_send(struct cli *cli, const char *id, const char *type, struct base_view fields,
                        struct base_view parts, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  struct wire_writer writer;
  char path[64 + BASE_HEX_ID];
  if (!base_utf8_valid(base_view_text(type)))
    return cli_usage(cli, err, "TYPE is not UTF-8");
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "type", type);
  enum base_code code = write_rest(cli, &writer, fields, parts, err);
  (void)snprintf(path, sizeof path, "/v1/cases/%s/messages", id);
  return code == BASE_OK ? cli_send_written(cli, path, base_buf_view(&body), err) : code;
}

static enum base_code write_name(void *context, struct base_view piece, struct base_error *err) {
  if (!base_name_valid(piece))
    return base_fail(err, BASE_USAGE, "--to %.*s: a node's name is a letter a-z and up to 31 of a-z, 0-9 and -",
                     (int)(piece.size < 40 ? piece.size : 40), (const char *)piece.data);
  wire_write_text(context, piece);
  return BASE_OK;
}

static enum base_code write_audience(struct cli *cli, struct wire_writer *writer, const char *to,
                                     struct base_error *err) {
  wire_write_key(writer, "to");
  wire_write_array(writer);
  enum base_code code = cli_split(cli, to, "--to", write_name, writer, err);
  wire_write_end(writer, ']');
  return code;
}

enum base_code cli_open(struct cli *cli, const char *kind, const char *to, struct base_view fields,
                        struct base_view parts, struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct wire_writer writer;
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  wire_write_member_string(&writer, "kind", kind);
  enum base_code code = write_audience(cli, &writer, to, err);
  if (code == BASE_OK)
    code = write_rest(cli, &writer, fields, parts, err);
  if (code == BASE_OK)
    code = cli_post(cli, "/v1/cases", base_buf_view(&body), &answer, err);
  if (code == BASE_OK && strchr(to, ',') != NULL) /* this node cannot see what those have agreed */
    cli_note(cli, "warning: each of %s hears of every message of this case from its author alone: they must be partners of "
             "each other, too, or none of them can answer; ask them",
             to);
  return code == BASE_OK ? print_id(cli, &answer, err) : code;
}

enum base_code cli_pass_on(struct cli *cli, const char *id, const char *to, struct base_view fields,
                           struct base_error *err) {
  BASE_AUTO_BUF struct base_buf body = {0};
  CLI_AUTO_ANSWER struct cli_answer answer = {0};
  struct wire_writer writer;
  char path[64 + BASE_HEX_ID];
  base_buf_init(&body, BASE_BUF_DEFAULT_LIMIT);
  wire_writer_init(&writer, &body);
  wire_write_object(&writer);
  enum base_code code = write_audience(cli, &writer, to, err);
  if (code == BASE_OK)
    code = write_rest(cli, &writer, fields, (struct base_view){0}, err);
  (void)snprintf(path, sizeof path, "/v1/messages/%s/pass-on", id);
  if (code == BASE_OK)
    code = cli_post(cli, path, base_buf_view(&body), &answer, err);
  return code == BASE_OK ? print_id(cli, &answer, err) : code;
}
