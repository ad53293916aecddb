/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of an edge in words. */
#ifndef RECORDS_WORDS_H
#define RECORDS_WORDS_H

#include <stdbool.h>

/** Bytes of a service or an address as text. */
#define WORDS_MAX 64

/** words_service() - a service as in "tcp/22", "icmp/8/0" or "gre" */
void words_service(int protocol, int port, char *text);

/** words_name() - what a service is called, as in ssh; NULL where it has no name */
const char *words_name(int protocol, int port);

/** words_address() - an address of so many bytes */
void words_address(const void *address, int len, char *text);

/** words_direction() - Incoming or Outgoing */
const char *words_direction(int direction);

/** words_peer() - what a peer is called; Somewhere has no name of its own */
const char *words_peer(int type, const char *name);

/** words_style() - how flows are drawn: allowed-rule, rejected-default, ... */
const char *words_style(bool reject, bool by_default);

#endif /* RECORDS_WORDS_H */
