/* SPDX-License-Identifier: Apache-2.0 */
#include "wasld/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 512, RETRY_MS = 50 };

static int bind_and_listen(int fd, const struct sockaddr *address, socklen_t size) {
  return bind(fd, address, size) == 0 && listen(fd, BACKLOG) == 0 ? 0 : -1;
}

static int open_at(const struct addrinfo *info) {
  BASE_AUTO_FD int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    return -1;
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (info->ai_family == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  for (int tries = WASLD_BIND_MS / RETRY_MS; bind_and_listen(fd, info->ai_addr, info->ai_addrlen) != 0;) {
    if (errno != EADDRINUSE || tries-- == 0)
      return -1;
    nanosleep(&(struct timespec){.tv_nsec = RETRY_MS * 1000000L}, NULL);
  }
  int open = fd;
  fd = -1;
  return open;
}

/* The first of a name's addresses that this machine has. */
static enum base_code listen_at(const struct wasld_address *address, int *out, struct base_error *err) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV}, *found;
  int result = getaddrinfo(address->host, address->port, &hints, &found);
  if (result != 0)
    return base_fail(err, BASE_FIELD, "listen = %s:%s: no such address (%s)", address->host, address->port,
                     gai_strerror(result));
  int fd = -1;
  for (const struct addrinfo *info = found; info != NULL && fd < 0; info = info->ai_next) {
    fd = open_at(info);
    if (fd < 0 && errno == EADDRINUSE)
      break;
  }
  int why = errno;
  freeaddrinfo(found);
  errno = why;
  if (fd < 0 && errno == EADDRINUSE)
    return base_fail(err, BASE_PORT,
                     "%s port %s is in use by another program: stop it, or choose another port in wasl.conf",
                     address->host, address->port);
  if (fd < 0)
    return base_fail_errno(err, "cannot listen on %s port %s", address->host, address->port);
  *out = fd;
  return BASE_OK;
}

enum base_code wasld_listen_tcp(const struct wasld_conf *conf, int *out, struct base_error *err) {
  for (size_t i = 0; i < conf->listen_count; i++) {
    enum base_code code = listen_at(&conf->listen[i], &out[i], err);
    if (code != BASE_OK) {
      while (i > 0)
        base_close_fd(&out[--i]);
      return code;
    }
  }
  return BASE_OK;
}

enum base_code wasld_listen_local(int *out, struct base_error *err) {
  struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "api.sock"};
  BASE_AUTO_FD int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  struct stat folder;
  if (fd < 0 || stat(".", &folder) != 0)
    return base_fail_errno(err, "api.sock: no socket");
  if (unlink(address.sun_path) != 0 && errno != ENOENT)
    return base_fail_errno(err, "api.sock: the old one cannot be removed");
  /* Closed to others from its first moment on, not only after a chmod. */
  mode_t before = umask(0177);
  int result = bind_and_listen(fd, (const struct sockaddr *)&address, sizeof address);
  umask(before);
  if (result != 0)
    return base_fail_errno(err, "api.sock: cannot listen");
  if (geteuid() == 0 && lchown(address.sun_path, folder.st_uid, folder.st_gid) != 0)
    return base_fail_errno(err, "api.sock: cannot be given to the owner of the node's folder");
  *out = fd;
  fd = -1;
  return BASE_OK;
}
