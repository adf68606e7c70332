/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/check.h"

#include <malloc.h>

#include "wire/stix.h"

enum { TRIM_ABOVE = 1 << 20 }; /* bytes of a document */

/* What came with the descriptor: nothing for a part that is stored here, else what its sender says that it is. */
static const struct said {
  const char *word;
  enum wire_stix_said said;
  bool leaving; /* can still be mended */
} words[] = {{"", WIRE_STIX_UNSAID, false},
             {"opaque", WIRE_STIX_UNSAID, true},
             {"json", WIRE_STIX_SAID_JSON, true},
             {"stix", WIRE_STIX_SAID_STIX, true}};

static const struct said *find_said(struct base_view word) {
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (base_view_is(word, words[i].word))
      return &words[i];
  return NULL;
}

static enum base_code check_mapped(int fd, const struct said *said, struct base_buf *answer, struct base_error *err) {
  struct base_view bytes;
  struct wire_stix_report report;
  enum base_code code = base_map_sealed(fd, WIRE_STIX_MAX, &bytes, err);
  if (code != BASE_OK)
    return code;
  struct base_error why;
  code = wire_stix_check(bytes, said->said, &report, &why);
  if (code == BASE_OK)
    wire_stix_write(&report, answer);
  else
    base_fail(err, code, "%s%s", why.text,
              said->leaving && code != BASE_MEMORY ? "; mend it, or send it as it is, unread: --part-as-is" : "");
  /* A large document as a tree takes many times its size; an idle worker should be small again. */
  if (bytes.size > TRIM_ABOVE)
    malloc_trim(0);
  base_unmap(&bytes);
  return code == BASE_OK ? base_buf_check(answer, "the report on a STIX bundle", err) : code;
}

static enum base_code list_mapped(int fd, struct base_buf *answer, struct base_error *err) {
  struct base_view bytes;
  enum base_code code = base_map_sealed(fd, WIRE_STIX_MAX, &bytes, err);
  if (code != BASE_OK)
    return code;
  code = wire_stix_list(bytes, answer, err);
  if (bytes.size > TRIM_ABOVE)
    malloc_trim(0);
  base_unmap(&bytes);
  return code;
}

void worker_check(void *context, struct link_channel *channel, struct link_message *message) {
  (void)context;
  BASE_AUTO_BUF struct base_buf answer = {0};
  struct base_error err;
  const struct said *said = find_said(message->payload);
  enum base_code code = message->code == LINK_STIX_INDEX ? list_mapped(message->fd, &answer, &err)
                        : said != NULL                   ? check_mapped(message->fd, said, &answer, &err)
                                                         : base_fail(&err, BASE_SYNTAX, "stix.check: nobody says that of a part");
  link_answer(channel, message->id, code, code == BASE_OK ? base_buf_view(&answer) : base_view_text(err.text), -1);
}
