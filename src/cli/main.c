/* SPDX-License-Identifier: Apache-2.0
 * wasl: the command line of a node, and the verifier that needs none. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <unistd.h>

#include "cli/cli.h"
#include "seal/seal.h"

/* Where a standard stream is closed, the next file would take its number and be written into. Opened like this, what is
 * written to it fails as it should. */
static void hold_streams(void) {
  static const int modes[] = {O_WRONLY, O_RDONLY, O_WRONLY};
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
    if (fcntl(fd, F_GETFD) < 0)
      (void)open("/dev/null", modes[fd]);
}

int main(int argc, char **argv) {
  hold_streams();
  seal_take_memory();
  signal(SIGPIPE, SIG_IGN);       /* a reader that went away is an error of write */
  signal(SIGXFSZ, SIG_IGN);       /* a limit of file sizes too */
  setlocale(LC_CTYPE, "C.UTF-8"); /* for the widths of characters alone */
  return cli_main(argc, argv);
}
