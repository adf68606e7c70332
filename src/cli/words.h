/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WASL_CLI_WORDS_H
#define WASL_CLI_WORDS_H

/* The words that the command line itself says to people, in five languages: words.def. Labels of kinds come from the
 * node. */
enum cli_word {
#define CLI_WORD(word, code, ar, fr, en, es, pt) CLI_##word,
#include "cli/words.def"
#undef CLI_WORD
  CLI_WORD_COUNT
};

#endif
