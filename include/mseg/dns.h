/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading DNS messages (RFC 1035), as much of them as rules by name need: the
 * question, and along the chain of canonical names (CNAME) that begins there the
 * addresses (A and AAAA). Shared by the module and by tests in user space.
 *
 * Whatever the bytes are, reading ends: without recursion, allocation or state,
 * after an amount of work that has a limit. Compression leads backwards only.
 */
#ifndef MSEG_DNS_H
#define MSEG_DNS_H

#include <linux/mseg.h>
#include <linux/types.h>

#define MSEG_DNS_PORT 53

#define MSEG_DNS_HEADER_LEN 12

/** Bytes of a question: a name of 255, its type and its class. */
#define MSEG_DNS_MAX_QUESTION 259

/** Addresses that are taken from one answer. */
#define MSEG_DNS_MAX_ADDRESSES 128

/**
 * struct mseg_dns_question - what is asked
 * @bytes: in the message, as they are there
 * @len: of @bytes, at most MSEG_DNS_MAX_QUESTION
 * @id: of the message, host order
 */
struct mseg_dns_question {
	const __u8 *bytes;
	__u32 len;
	__u16 id;
};

/**
 * enum mseg_dns_result - what became of reading an answer
 * @MSEG_DNS_READ: there may be addresses
 * @MSEG_DNS_NOTHING: not asked for addresses, or there is an error in their place
 * @MSEG_DNS_TRUNCATED: the answer says that it is not the whole
 * @MSEG_DNS_CHAIN: the chain is longer than MSEG_MAX_DNS_CHAIN
 * @MSEG_DNS_MALFORMED: not a DNS message, or too much work
 */
enum mseg_dns_result {
	MSEG_DNS_READ,
	MSEG_DNS_NOTHING,
	MSEG_DNS_TRUNCATED,
	MSEG_DNS_CHAIN,
	MSEG_DNS_MALFORMED,
};

/**
 * struct mseg_dns_answer - what an answer says of the name that was asked for
 * @n: addresses
 * @family: of all of them, enum mseg_family
 * @address: in network order, an IPv4 address in the first four bytes
 * @ttl: of each, seconds: the least along its chain
 * @name: in the chain, canonical; for reading alone
 * @next: the same
 */
struct mseg_dns_answer {
	__u32 n;
	__u8 family;
	__u8 address[MSEG_DNS_MAX_ADDRESSES][16];
	__u32 ttl[MSEG_DNS_MAX_ADDRESSES];
	__u8 name[255];
	__u8 next[255];
};

/**
 * mseg_dns_read_question() - read the question of a query or an answer
 * @message: any bytes
 * @len: how many
 * @answer: 1 for that of an answer, 0 for that of a query
 * @question: filled; valid as long as @message
 *
 * Any context.
 *
 * Return: 1, or 0 where it is no such message with one question in it.
 */
int mseg_dns_read_question(const __u8 *message, __u32 len, int answer,
			   struct mseg_dns_question *question);

/**
 * mseg_dns_name() - the name that is asked for, as domains are written
 * @question: read
 * @text: filled with MSEG_MAX_DOMAIN_LEN + 1 bytes at most
 *
 * Any context.
 *
 * Return: 1, or 0 where no domain can be written so, as of the root.
 */
int mseg_dns_name(const struct mseg_dns_question *question, char *text);

/**
 * mseg_dns_read_answer() - read the addresses of an answer
 * @message: of which mseg_dns_read_question() read the question
 * @len: bytes of it
 * @question: read from it
 * @answer: filled
 *
 * Any context. Records of other names, types and classes, and all behind the
 * answer section, are passed over.
 *
 * Return: the result; addresses are there with MSEG_DNS_READ only.
 */
enum mseg_dns_result mseg_dns_read_answer(const __u8 *message, __u32 len,
					  const struct mseg_dns_question *question,
					  struct mseg_dns_answer *answer);

/**
 * mseg_dns_may_learn() - whether an answer may name an address at all
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @addr: 16 bytes, network order
 *
 * Any context.
 *
 * Return: 0 for what an outsider must not lead this host to: loopback, link-local,
 * groups, broadcast, no address at all, and IPv4 addresses in the clothes of IPv6.
 */
int mseg_dns_may_learn(__u8 family, const __u8 *addr);

/**
 * mseg_dns_is_private() - whether an address is of a private network
 * @family: MSEG_FAMILY_IPV4 or MSEG_FAMILY_IPV6
 * @addr: 16 bytes, network order
 *
 * Any context.
 *
 * Return: 1 for those of RFC 1918, RFC 6598, RFC 4193, and site-local.
 */
int mseg_dns_is_private(__u8 family, const __u8 *addr);

#endif /* MSEG_DNS_H */
