/* SPDX-License-Identifier: Apache-2.0
 * Feeds every file named on the command line to a fuzz harness, so that each kept sample is tried by `make test`. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int count, char **names) {
  for (int i = 1; i < count; i++) {
    BASE_AUTO_BUF struct base_buf content = {0};
    struct base_error err;
    if (base_file_read(AT_FDCWD, names[i], BASE_BUF_DEFAULT_LIMIT / 2, &content, &err) != BASE_OK) {
      fprintf(stderr, "%s\n", err.text);
      return 1;
    }
    fprintf(stderr, "%s\n", names[i]);
    /* A copy of the exact size, so that the sanitizer sees a read of one byte too many. */
    BASE_AUTO_FREE uint8_t *exact = malloc(content.size);
    if (content.size > 0 && exact == NULL)
      return 1;
    if (content.size > 0)
      memcpy(exact, content.data, content.size);
    LLVMFuzzerTestOneInput(exact, content.size);
  }
  return 0;
}
