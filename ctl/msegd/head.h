/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first bytes that a client sends, as they were on the wire: whoever sent them may
 * have put in anything. A name comes out in lower case, as letters, digits, "-", "_"
 * and "." alone; whatever else stands there is no name.
 */
#ifndef HEAD_H
#define HEAD_H

#include <stddef.h>
#include <stdint.h>

/** Bytes of a name's text, NUL included. */
#define HEAD_NAME_LEN 254

/** enum head_outcome - what came of a head */
enum head_outcome {
	/** it names who is talked to */
	HEAD_NAMED,
	/** it is whole and names nobody */
	HEAD_NAMELESS,
	/** it ends before the place where a name would be */
	HEAD_CUT,
	/** neither a ClientHello nor an HTTP request, or one against the rules */
	HEAD_OTHER,
};

/**
 * head_read() - who is talked to
 * @data: the beginning of what a client sends: of TLS or HTTP/1
 * @len: its bytes
 * @name: for HEAD_NAMED, the name
 *
 * Return: what came of it.
 */
enum head_outcome head_read(const uint8_t *data, size_t len, char name[HEAD_NAME_LEN]);

#endif /* HEAD_H */
