/* SPDX-License-Identifier: Apache-2.0
 * What each process keeps when its start-up is over. The mains and the test of confinement both read it here. */
#include "link/link.h"
#include "link/users.h"

#define MIB ((uint64_t)1 << 20)

static const struct link_rights rights[LINK_ROLES] = {
    /* Starts the others, so it keeps its user and its view of the files; it gets no byte from outside. */
    [LINK_ROLE_WASLD] = {.role = LINK_ROLE_WASLD, .uid = (uid_t)-1, .gid = (gid_t)-1, .processes = true},
    /* The only one with a network: resolves names (hosts, resolv.conf, the modules that nsswitch.conf names), connects,
     * and accepts on the sockets that were handed over. The TLS libraries read their system-wide policy. */
    [LINK_ROLE_GATE_PEER] = {.role = LINK_ROLE_GATE_PEER,
                             .uid = LINK_USER_GATE,
                             .gid = LINK_USER_GATE,
                             .network = true,
                             .path_count = 13,
                             .paths = {{".", true},
                                       {"/etc/hosts", false},
                                       {"/etc/host.conf", false},
                                       {"/etc/resolv.conf", false},
                                       {"/run/systemd/resolve", false},
                                       {"/etc/nsswitch.conf", false},
                                       {"/etc/gai.conf", false},
                                       {"/etc/services", false},
                                       {"/etc/ssl/openssl.cnf", false},
                                       {"/etc/gnutls", false},
                                       {"/etc/ld.so.cache", false},
                                       {"/lib", false},
                                       {"/usr/lib", false}},
                             .files_max = 16384},
    /* Console and local API: accepts on the Unix socket that was handed over. */
    [LINK_ROLE_GATE_LOCAL] = {.role = LINK_ROLE_GATE_LOCAL,
                              .uid = LINK_USER_LOCAL,
                              .gid = LINK_USER_LOCAL,
                              .path_count = 1,
                              .paths = {{".", true}},
                              .files_max = 4096},
    /* Database, register, parts: its own folder and nothing else. */
    [LINK_ROLE_CORE] = {.role = LINK_ROLE_CORE,
                        .uid = LINK_USER_CORE,
                        .gid = LINK_USER_CORE,
                        .path_count = 3,
                        .paths = {{".", true}, {"/etc/ssl/openssl.cnf", false}, {"/dev/urandom", false}},
                        .files_max = 8192},
    /* The keys and the memory of heads. */
    [LINK_ROLE_KEEPER] = {.role = LINK_ROLE_KEEPER,
                          .uid = LINK_USER_KEEPER,
                          .gid = LINK_USER_KEEPER,
                          .path_count = 2,
                          .paths = {{".", true}, {"/etc/ssl/openssl.cnf", false}},
                          .memory_max = 512 * MIB,
                          .files_max = 64},
    /* Parses what others wrote: no file, no network, no key; the worst document takes a third of its memory. */
    [LINK_ROLE_WORKER] = {.role = LINK_ROLE_WORKER,
                          .uid = LINK_USER_WORKER,
                          .gid = LINK_USER_WORKER,
                          .memory_max = 1024 * MIB,
                          .files_max = 64},
};

/* Core until it is connected to a database server: what name resolution, TLS and the user's name take. No request of a
 * gate is looked into meanwhile. */
static const struct link_rights reaching = {.role = LINK_ROLE_CORE,
                                            .uid = LINK_USER_CORE,
                                            .gid = LINK_USER_CORE,
                                            .network = true,
                                            .reaching = true,
                                            .path_count = 19,
                                            .paths = {{".", true},
                                                      {"/dev/urandom", false},
                                                      {"/etc/hosts", false},
                                                      {"/etc/host.conf", false},
                                                      {"/etc/resolv.conf", false},
                                                      {"/run/systemd/resolve", false},
                                                      {"/etc/nsswitch.conf", false},
                                                      {"/etc/gai.conf", false},
                                                      {"/etc/services", false},
                                                      {"/etc/passwd", false},
                                                      {"/etc/localtime", false},
                                                      {"/usr/share/zoneinfo", false},
                                                      {"/etc/ssl", false},
                                                      {"/etc/postgresql-common", false},
                                                      {"/usr/share/ca-certificates", false},
                                                      {"/usr/local/share/ca-certificates", false},
                                                      {"/etc/ld.so.cache", false},
                                                      {"/lib", false},
                                                      {"/usr/lib", false}},
                                            .files_max = 8192};

/* The keeper until its token is open: what loading a module takes, and the sockets by which many a module talks to its
 * device. What token.conf names comes in addition. No request is looked into meanwhile. */
static const struct link_rights opening = {.role = LINK_ROLE_KEEPER,
                                           .uid = LINK_USER_KEEPER,
                                           .gid = LINK_USER_KEEPER,
                                           .network = true,
                                           .reaching = true,
                                           .path_count = 7,
                                           .paths = {{".", true},
                                                     {"/dev/urandom", false},
                                                     {"/etc/ssl/openssl.cnf", false},
                                                     {"/etc/localtime", false},
                                                     {"/etc/ld.so.cache", false},
                                                     {"/lib", false},
                                                     {"/usr/lib", false}},
                                           .memory_max = 512 * MIB,
                                           .files_max = 64};

const struct link_rights *link_rights_reaching(enum link_role role) {
  return role == LINK_ROLE_CORE ? &reaching : role == LINK_ROLE_KEEPER ? &opening : NULL;
}

const struct link_rights *link_rights_of(enum link_role role) {
  return role < LINK_ROLES ? &rights[role] : NULL;
}
