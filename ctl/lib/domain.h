/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domain names as entries of a network: "api.example.com", "*.example.com". */
#ifndef DOMAIN_H
#define DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

/** Bytes of a domain name with "*." before it, NUL included. */
#define DOMAIN_LEN 256

/**
 * domain_is_meant() - whether an entry is rather a name than an address
 * @text: the entry, without the "!" of an exclusion
 * @len: its bytes
 */
bool domain_is_meant(const char *text, size_t len);

/**
 * domain_parse() - read a domain name (RFC 1035, RFC 2181; letters, digits, - and _)
 * @text: UTF-8, two labels at least, "*." before them covers all names below; a dot
 *	may stand at the end
 * @len: its bytes
 * @name: DOMAIN_LEN bytes; as it is on the wire: in lower case, without the dot at the
 *	end, what is not ASCII as IDNA 2008 has it (xn--...)
 * @why: TEXT_WHY_LEN bytes, filled on error
 *
 * Return: 0 or -EINVAL.
 */
int domain_parse(const char *text, size_t len, char *name, char *why);

#endif /* DOMAIN_H */
