/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where flow records are exported to, as mseg.conf says it. */
#ifndef EXPORT_TARGET_H
#define EXPORT_TARGET_H

#include <limits.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

/** Exports altogether, and bytes of one's name. */
#define EXPORTS_MAX 8
#define EXPORT_NAME 32

/** enum export_type - in what form */
enum export_type {
	/** one object a line */
	EXPORT_JSON,
	/** RFC 5424 */
	EXPORT_SYSLOG,
	/** RFC 7011 */
	EXPORT_IPFIX,
	N_EXPORT_TYPES,
};

/** enum export_way - how one gets there */
enum export_way {
	EXPORT_FILE,
	/** UNIX sockets */
	EXPORT_STREAM,
	EXPORT_DATAGRAM,
	EXPORT_TCP,
	EXPORT_UDP,
};

/**
 * struct export_target - an export
 * @name: letters, digits, - and _
 * @type: the form
 * @way: the way
 * @to: as it was written
 * @path: of a file or UNIX socket
 * @address: of others
 * @length: bytes of @address
 */
struct export_target {
	char name[EXPORT_NAME];
	enum export_type type;
	enum export_way way;
	char to[PATH_MAX];
	char path[PATH_MAX];
	struct sockaddr_storage address;
	socklen_t length;
};

/** export_type_name() - json, syslog or ipfix */
const char *export_type_name(enum export_type type);

/** export_type_find() - the type of a name; N_EXPORT_TYPES where there is none */
enum export_type export_type_find(const char *name);

/**
 * export_target_parse() - read where an export goes
 * @text: a path, unix:PATH, tcp:ADDRESS:PORT or udp:ADDRESS:PORT
 * @target: has its type; way, path and address are filled
 * @why: what is wrong, TEXT_WHY_LEN bytes
 *
 * Return: whether it is right.
 */
bool export_target_parse(const char *text, struct export_target *target, char *why);

/**
 * export_address() - read an address with a port
 * @text: 192.0.2.1:514 or [2001:db8::1]:514
 * @address: the result
 * @length: its bytes
 *
 * Return: whether it is one. Names are not looked up: what is exported must not depend
 * on what is exported.
 */
bool export_address(const char *text, struct sockaddr_storage *address, socklen_t *length);

/** export_target_same() - whether two are the same in all */
bool export_target_same(const struct export_target *a, const struct export_target *b);

#endif /* EXPORT_TARGET_H */
