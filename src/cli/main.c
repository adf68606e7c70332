/* SPDX-License-Identifier: Apache-2.0
 * wasl: the command line of a node, and the verifier that needs none. */
#include <locale.h>
#include <signal.h>

#include "cli/cli.h"

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);       /* a reader that went away is an error of write */
  setlocale(LC_CTYPE, "C.UTF-8"); /* for the widths of characters alone */
  return cli_main(argc, argv);
}
