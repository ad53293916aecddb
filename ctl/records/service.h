/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns of an edge in words. */
#ifndef RECORDS_SERVICE_H
#define RECORDS_SERVICE_H

/** Bytes of a service or an address as text. */
#define SERVICE_TEXT 64

/** service_text() - a service as in "tcp/22", "icmp/8/0" or "gre" */
void service_text(int protocol, int port, char *text);

/** service_name() - what a service is called, as in ssh; NULL where it has no name */
const char *service_name(int protocol, int port);

/** service_address() - an address of so many bytes */
void service_address(const void *address, int len, char *text);

/** service_direction() - Incoming or Outgoing */
const char *service_direction(int direction);

/** service_peer_name() - what a peer is called; Somewhere has no name of its own */
const char *service_peer_name(int type, const char *name);

#endif /* RECORDS_SERVICE_H */
