/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/fault.h"
#include "link/flight.h"
#include "link/frame.h"

/* A few of the largest packets; the kernel takes less when its own limit is lower. */
enum { SOCKET_BUFFER = 1 << 20 };

/* A packet that the socket had no room for, or a request above LINK_IN_FLIGHT_MAX. */
struct packet {
  struct packet *next;
  struct link_frame frame;
  int fd;
  size_t size;
  uint8_t payload[];
};

struct link_channel {
  int fd;
  enum link_role self, peer;
  bool ended;   /* the other side is gone */
  bool serving; /* a handler runs: freeing waits until it is back */
  bool doomed;
  uint64_t last_id;       /* of our requests, or of the other side's: they only grow, so none comes twice */
  struct link_flight out; /* our requests that wait for their answer */
  struct link_flight in;  /* requests of the other side that wait for ours */
  struct packet *first, **end;
  struct link_loop *loop;
  struct link_watch *watch;
  struct link_handlers handlers;
  uint8_t buffer[LINK_FRAME_MAX];
};

enum outcome { SENT, FULL, GONE };

struct link_channel *link_channel_new(int fd, enum link_role self, enum link_role peer) {
  struct link_channel *channel = calloc(1, sizeof *channel);
  if (channel == NULL)
    link_fault("out of memory for the channel to %s", link_role_name(peer));
  channel->fd = fd;
  channel->self = self;
  channel->peer = peer;
  channel->end = &channel->first;
  int size = SOCKET_BUFFER;
  setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
  return channel;
}

static void drop_first(struct link_channel *channel) {
  struct packet *packet = channel->first;
  channel->first = packet->next;
  if (channel->first == NULL)
    channel->end = &channel->first;
  base_close_fd(&packet->fd);
  free(packet);
}

void link_channel_free(struct link_channel *channel) {
  if (channel == NULL)
    return;
  if (channel->serving) {
    channel->doomed = true;
    return;
  }
  link_watch_remove(channel->watch);
  while (channel->first != NULL)
    drop_first(channel);
  base_close_fd(&channel->fd);
  free(channel);
}

enum link_role link_channel_peer(const struct link_channel *channel) {
  return channel->peer;
}

/* --- sending */

static enum outcome send_packet(struct link_channel *channel, const struct link_frame *frame, struct base_view payload,
                                int fd, bool block) {
  uint8_t head[LINK_FRAME_HEAD];
  link_frame_write(frame, head);
  struct iovec parts[2] = {{head, sizeof head}, {(void *)(uintptr_t)payload.data, payload.size}};
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = payload.size > 0 ? 2 : 1};
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.bytes = {0}};
  if (fd >= 0) {
    message.msg_control = control.bytes;
    message.msg_controllen = sizeof control.bytes;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
  }
  for (;;) {
    if (sendmsg(channel->fd, &message, MSG_NOSIGNAL | (block ? 0 : MSG_DONTWAIT)) >= 0)
      return SENT;
    switch (errno) {
    case EINTR:
      continue;
    case EPIPE:
    case ECONNRESET:
    case ENOTCONN:
      channel->ended = true;
      return GONE;
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS: /* too many descriptors on their way: there is room again when the other side reads */
      if (!block)
        return FULL;
      __attribute__((fallthrough));
    default:
      link_fault("cannot send %s to %s: %s", link_row(frame->code)->name, link_role_name(channel->peer),
                 strerror(errno));
    }
  }
}

static bool may_go_now(const struct link_channel *channel, const struct link_frame *frame) {
  return frame->answer || !link_flight_full(&channel->out);
}

static void set_events(struct link_channel *channel) {
  bool waits = channel->first != NULL && may_go_now(channel, &channel->first->frame);
  if (channel->watch != NULL)
    link_watch_change(channel->watch, (short)(POLLIN | (waits ? POLLOUT : 0)));
}

static void flush(struct link_channel *channel, bool block) {
  while (channel->first != NULL && !channel->ended && may_go_now(channel, &channel->first->frame)) {
    struct packet *packet = channel->first;
    if (send_packet(channel, &packet->frame, base_view_of(packet->payload, packet->size), packet->fd, block) != SENT)
      break;
    if (!packet->frame.answer)
      link_flight_add(&channel->out, packet->frame.id, packet->frame.code);
    drop_first(channel);
  }
  set_events(channel);
}

static void enqueue(struct link_channel *channel, const struct link_frame *frame, struct base_view payload, int fd) {
  struct packet *packet = malloc(sizeof *packet + payload.size);
  int copy = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (packet == NULL || (fd >= 0 && copy < 0))
    link_fault("no memory or descriptor left to queue %s to %s", link_row(frame->code)->name,
               link_role_name(channel->peer));
  *packet = (struct packet){.frame = *frame, .fd = copy, .size = payload.size};
  if (payload.size > 0)
    memcpy(packet->payload, payload.data, payload.size);
  *channel->end = packet;
  channel->end = &packet->next;
  set_events(channel);
}

static void post(struct link_channel *channel, const struct link_frame *frame, struct base_view payload, int fd) {
  if (channel->ended)
    return;
  if (channel->first == NULL && may_go_now(channel, frame)) {
    enum outcome outcome = send_packet(channel, frame, payload, fd, false);
    if (outcome == SENT && !frame->answer)
      link_flight_add(&channel->out, frame->id, frame->code);
    if (outcome != FULL)
      return;
  }
  enqueue(channel, frame, payload, fd);
}

uint64_t link_ask(struct link_channel *channel, enum link_request_code code, struct base_view payload, int fd) {
  const struct link_row *row = link_row(code);
  if (row == NULL)
    link_fault("request %d to %s is not in the table", (int)code, link_role_name(channel->peer));
  /* The other side would die of it; the fault is here, so it is named here. */
  struct link_frame frame = {.code = code, .id = ++channel->last_id, .size = (uint32_t)payload.size};
  const char *why = payload.size > LINK_INLINE_MAX ? "a request larger than a packet"
                                                   : link_frame_judge(&frame, channel->peer, channel->self, fd >= 0);
  if (why != NULL)
    link_fault("%s to %s: %s", row->name, link_role_name(channel->peer), why);
  post(channel, &frame, payload, fd);
  return frame.id;
}

void link_answer(struct link_channel *channel, uint64_t id, enum base_code status, struct base_view payload, int fd) {
  enum link_request_code code = link_flight_take(&channel->in, id);
  const struct link_row *row = link_row(code);
  if (row == NULL)
    link_fault("an answer to %s that nobody asked for, or the second one", link_role_name(channel->peer));
  BASE_AUTO_FD int sealed = -1;
  struct base_error err = {.text = ""};
  if (payload.size > LINK_INLINE_MAX) {
    /* One descriptor in a packet, and only where the table says so: else the asker gets an error, not silence. */
    if (!row->fd_out || fd >= 0 || payload.size > LINK_ANSWER_MAX)
      base_fail(&err, BASE_TOO_LARGE, "the answer to %s would have %zu bytes, more than the table allows", row->name,
                payload.size);
    else
      sealed = base_memfd_sealed(row->name, payload, &err);
    if (sealed < 0) {
      base_log(BASE_LOG_ERROR, "link.answer", "%s", err.text);
      status = err.code;
      payload = base_view_text(err.text);
      fd = -1;
    }
  }
  if (fd >= 0 && !row->fd_out)
    link_fault("the answer to %s may not carry a descriptor", row->name);
  struct link_frame frame = {
      .code = code, .answer = true, .sealed = sealed >= 0, .id = id, .status = status, .size = (uint32_t)payload.size};
  post(channel, &frame, sealed >= 0 ? (struct base_view){NULL, 0} : payload, sealed >= 0 ? sealed : fd);
}

/* --- receiving */

enum arrival { ARRIVED, NOTHING, ENDED };

/* A packet as it came: the message, and the mapping that its payload may lie in. */
struct parcel {
  struct link_message message;
  struct base_view mapped;
  bool answer;
};

/* Gives the first descriptor, closes all others, and tells how many there were. */
static size_t take_descriptors(struct msghdr *message, int *out) {
  size_t count = 0;
  for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header != NULL; header = CMSG_NXTHDR(message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
      continue;
    size_t bytes = header->cmsg_len - CMSG_LEN(0);
    for (size_t i = 0; i + sizeof(int) <= bytes; i += sizeof(int)) {
      int fd;
      memcpy(&fd, CMSG_DATA(header) + i, sizeof fd);
      if (count++ == 0)
        *out = fd;
      else
        close(fd);
    }
  }
  return count;
}

/* Ends the process unless the frame is what the other side may send now; then counts it in or out. */
static void admit(struct link_channel *channel, const struct link_frame *frame, bool fd) {
  const char *why = link_frame_judge(frame, channel->self, channel->peer, fd);
  if (why == NULL && frame->answer && link_flight_take(&channel->out, frame->id) != frame->code)
    why = "an answer that nobody waits for";
  if (why == NULL && !frame->answer && frame->id <= channel->last_id)
    why = "an id that was used before";
  if (why == NULL && !frame->answer && link_flight_full(&channel->in))
    why = "more requests at once than are allowed";
  if (why != NULL)
    link_violation("%s sent %s (%s, id %llu, %u bytes)", link_role_name(channel->peer), why,
                   link_row(frame->code)->name, (unsigned long long)frame->id, frame->size);
  if (!frame->answer) {
    channel->last_id = frame->id;
    link_flight_add(&channel->in, frame->id, frame->code);
  }
}

static void open_packet(struct link_channel *channel, struct base_view packet, int fd, struct parcel *out) {
  struct link_frame frame;
  struct base_view payload, mapped = {NULL, 0};
  const char *why = link_frame_read(packet, &frame, &payload);
  if (why != NULL)
    link_violation("%s sent %s", link_role_name(channel->peer), why);
  admit(channel, &frame, fd >= 0);
  if (frame.sealed) {
    struct base_error err;
    if (base_map_sealed(fd, LINK_ANSWER_MAX, &mapped, &err) != BASE_OK) {
      if (base_code_class(err.code) != BASE_REFUSED)
        link_fault("the answer to %s: %s", link_row(frame.code)->name, err.text);
      link_violation("%s sent, as the answer to %s: %s", link_role_name(channel->peer), link_row(frame.code)->name,
                     err.text);
    }
    if (mapped.size != frame.size)
      link_violation("%s sent a memory file of %zu bytes and called it %u", link_role_name(channel->peer), mapped.size,
                     frame.size);
    payload = mapped;
  }
  *out = (struct parcel){
      .message = {.code = frame.code, .id = frame.id, .status = frame.status, .payload = payload, .fd = fd},
      .mapped = mapped,
      .answer = frame.answer};
}

static enum arrival receive(struct link_channel *channel, bool block, struct parcel *out) {
  struct iovec part = {channel->buffer, sizeof channel->buffer};
  union {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  ssize_t size;
  do
    size = recvmsg(channel->fd, &message, MSG_CMSG_CLOEXEC | (block ? 0 : MSG_DONTWAIT));
  while (size < 0 && errno == EINTR);
  if (size < 0 && (errno == EAGAIN || errno == ENOMEM || errno == ENOBUFS))
    return NOTHING;
  if (size < 0 && errno != ECONNRESET)
    link_fault("cannot receive from %s: %s", link_role_name(channel->peer), strerror(errno));
  if (size < 0)
    return ENDED;
  int fd = -1;
  size_t count = take_descriptors(&message, &fd);
  if (count > 1 || (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    link_violation("%s sent a packet that is too long, or with more than one descriptor",
                   link_role_name(channel->peer));
  /* An empty packet and the end look alike, and neither is a frame. */
  if (size == 0) {
    base_close_fd(&fd);
    return ENDED;
  }
  open_packet(channel, base_view_of(channel->buffer, (size_t)size), fd, out);
  return ARRIVED;
}

static void close_parcel(struct parcel *parcel) {
  base_unmap(&parcel->mapped);
  base_close_fd(&parcel->message.fd);
}

/* --- in a loop */

static void serve_end(struct link_channel *channel) {
  channel->ended = true;
  link_watch_remove(channel->watch);
  channel->watch = NULL;
  if (channel->handlers.on_end != NULL)
    channel->handlers.on_end(channel->handlers.context, channel);
  else
    link_loop_end(channel->loop);
}

static void serve_parcel(struct link_channel *channel, struct parcel *parcel) {
  void (*handler)(void *, struct link_channel *, struct link_message *) =
      parcel->answer ? channel->handlers.on_answer : channel->handlers.on_request;
  if (handler == NULL)
    link_fault("%s from %s came to a process that has no handler for it", link_row(parcel->message.code)->name,
               link_role_name(channel->peer));
  handler(channel->handlers.context, channel, &parcel->message);
  close_parcel(parcel);
}

static void channel_ready(void *context, int fd, short events) {
  struct link_channel *channel = context;
  (void)fd;
  channel->serving = true;
  if ((events & POLLOUT) != 0)
    flush(channel, false);
  for (int i = 0; i < LINK_BATCH_MAX && !channel->doomed; i++) {
    struct parcel parcel;
    enum arrival arrival = receive(channel, false, &parcel);
    if (arrival == ENDED)
      serve_end(channel);
    if (arrival != ARRIVED)
      break;
    serve_parcel(channel, &parcel);
  }
  channel->serving = false;
  if (channel->doomed)
    link_channel_free(channel);
  else if (channel->first != NULL)
    flush(channel, false); /* answers have made room for requests that were held back */
}

void link_loop_add(struct link_loop *loop, struct link_channel *channel, struct link_handlers handlers) {
  channel->loop = loop;
  channel->handlers = handlers;
  channel->watch = link_loop_watch(loop, channel->fd, POLLIN, channel_ready, channel);
  set_events(channel);
}

/* --- without a loop */

enum base_code link_call(struct link_channel *channel, enum link_request_code code, struct base_view payload,
                         struct base_buf *out, struct base_error *err) {
  uint64_t id = link_ask(channel, code, payload, -1);
  flush(channel, true);
  struct parcel parcel;
  enum arrival arrival = NOTHING;
  while (!channel->ended && arrival == NOTHING)
    arrival = receive(channel, true, &parcel);
  if (arrival != ARRIVED) {
    channel->ended = true;
    return base_fail(err, BASE_NOT_RUNNING, "%s: the process %s is gone", link_row(code)->name,
                     link_role_name(channel->peer));
  }
  if (!parcel.answer || parcel.message.id != id)
    link_violation("%s sent %s while the answer to %s was awaited", link_role_name(channel->peer),
                   link_row(parcel.message.code)->name, link_row(code)->name);
  struct base_view answer = parcel.message.payload;
  enum base_code status = parcel.message.status;
  if (status != BASE_OK) {
    int size = (int)(answer.size < BASE_ERROR_TEXT_MAX ? answer.size : BASE_ERROR_TEXT_MAX);
    base_fail(err, status, "%.*s", size, size > 0 ? (const char *)answer.data : "");
  } else {
    base_buf_reset(out);
    base_buf_add_view(out, answer);
    status = base_buf_check(out, link_row(code)->name, err);
  }
  close_parcel(&parcel);
  return status;
}
