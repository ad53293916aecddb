/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * DNS messages as they were on the wire: from whoever answers, so they may hold
 * anything. Names come out in letters of lower case, digits, "-", "_" and "."; every
 * other byte is \DDD, its decimal value (RFC 1035, section 5.1).
 */
#ifndef DNS_MESSAGE_H
#define DNS_MESSAGE_H

#include <linux/mseg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Bytes of a name's text, NUL included: 253 at most on the wire, each as \DDD. */
#define DNS_NAME_LEN 1024

/** What is taken of an answer at most. */
#define DNS_ADDRESSES_MAX 64
#define DNS_ALIASES_MAX MSEG_MAX_DNS_CHAIN

/** enum dns_outcome - what came of a query */
enum dns_outcome {
	/** an answer came, perhaps without what was asked for */
	DNS_RESOLVED,
	/** there is no such name, or the resolver could not or would not tell */
	DNS_FAILED,
};

/**
 * struct dns_message - what a message says
 * @id: its number
 * @is_answer: not a query
 * @outcome: of an answer
 * @reason: of @outcome: a response code (NXDOMAIN), NODATA, TRUNCATED or MALFORMED;
 *	"" where everything was there
 * @name: that was asked for; "." is the root
 * @type: that was asked for, as AAAA or TYPE65280
 * @addresses: of the name or of the last of its aliases, in text
 * @aliases: names that the name leads to, in that order
 * @n_addresses: how many
 * @n_aliases: how many
 * @ttl: seconds that all of it holds; 0 without addresses and aliases
 */
struct dns_message {
	uint16_t id;
	bool is_answer;
	enum dns_outcome outcome;
	char reason[24];
	char name[DNS_NAME_LEN];
	char type[16];
	char addresses[DNS_ADDRESSES_MAX][46];
	char aliases[DNS_ALIASES_MAX][DNS_NAME_LEN];
	size_t n_addresses;
	size_t n_aliases;
	uint32_t ttl;
};

/**
 * dns_message_read() - read a message
 * @data: without the length that TCP has before it; its end may be missing
 * @len: its bytes
 * @message: the result
 *
 * Return: 0, or -EBADMSG where not even a question can be read.
 */
int dns_message_read(const uint8_t *data, size_t len, struct dns_message *message);

#endif /* DNS_MESSAGE_H */
